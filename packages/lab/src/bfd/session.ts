import { type Millis, millis } from "@tandem/base";
import type { Fields } from "@tandem/swss";

/** What one BFD session has come to, and what it is about to notice. Immutable. */
export interface BfdSession {
  readonly up: boolean;
  /** Whether packets pass now. */
  readonly passes: boolean;
}

export const NEW_SESSION: BfdSession = { up: false, passes: false };

/** Parameters that orchagent uses where a row names none: SmartSwitchDpuLivenessUsingBfd §1.3. */
const INTERVAL_DEFAULT = 100;
const MULTIPLIER_DEFAULT = 3;

/** How long until a session notices that packets pass again: the next one. */
export function upTime(parameters: Fields): Millis {
  return millis(interval(parameters));
}

/** How long until a session notices that packets are lost: RFC 5880 §6.8.4. */
export function detectionTime(parameters: Fields): Millis {
  return millis(interval(parameters) * count(parameters["multiplier"], MULTIPLIER_DEFAULT));
}

function interval(parameters: Fields): number {
  const tx = count(parameters["tx_interval"], INTERVAL_DEFAULT);
  return Math.max(tx, count(parameters["rx_interval"], INTERVAL_DEFAULT));
}

function count(text: string | undefined, fallback: number): number {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : fallback;
}

/** One step: whether packets pass now, what to wait for. A wait that is overtaken by the opposite is cancelled. */
export function sessionStep(
  session: BfdSession,
  passes: boolean,
): { readonly session: BfdSession; readonly wait: "none" | "up" | "down" | "keep" } {
  if (session.passes === passes) return { session, wait: "keep" };
  const next = { ...session, passes };
  if (session.up === passes) return { session: next, wait: "none" };
  return { session: next, wait: passes ? "up" : "down" };
}
