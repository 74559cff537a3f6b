import { err, type Json, type Millis, millis, minutes, ok, type Result, seconds, unreachable } from "@tandem/base";
import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import { decodeText, encodeText, type Fields } from "@tandem/swss";
import { numberOf } from "./version.js";

/**
 * The steps of a DPU's way back into service, in order ("DPU Restart", steps 4 and 11 to 12): its scope and set are
 * deleted, its planes awaited, and both are created again, the scope disabled first.
 */
export const RESET_STEPS = [
  "deleteScope",
  "deleteSet",
  "waitPlanes",
  "clearResetInfo",
  "createSet",
  "createScope",
  "waitDead",
  "enableScope",
] as const;
export type ResetStep = (typeof RESET_STEPS)[number];

/** How a reset ended. `cancelled` and `failed` have put back what was deleted. */
export type ResetEnd = "done" | "cancelled" | "failed";

/** One reset, as it is kept in a row: whoever starts again finds what was deleted, and goes on. */
export interface Reset {
  readonly id: string;
  readonly vdpu: string;
  readonly scope: string;
  readonly set: string;
  readonly slot: number;
  /** Rows as they stood, to be created again. */
  readonly scopeFields: Fields;
  readonly setFields: Fields;
  readonly step: ResetStep | ResetEnd;
  /** Why it is being cut short: the wait for the planes ends, the rest goes on, and it ends so. */
  readonly cut?: { readonly end: "cancelled" | "failed"; readonly reason: string };
  /** Wall-clock time (ms) of the start, and of the present step. */
  readonly startedAt: number;
  readonly stepAt: number;
  /** How long the planes may take (ms). */
  readonly planesWithin: number;
  /** The last thing worth telling. */
  readonly note: string;
}

/** What the next step of a reset takes. */
export type ResetAction =
  | { readonly kind: "delete"; readonly table: "set" | "scope"; readonly seen: Fields }
  /** Only where there is no such row: who created one meanwhile knows better. */
  | { readonly kind: "create"; readonly table: "set" | "scope"; readonly fields: Fields }
  | { readonly kind: "enable"; readonly seen: Fields; readonly fields: Fields }
  | { readonly kind: "clearResetInfo" }
  /** Nothing but time, or a change of the rows, brings it on. `until`: wall-clock ms. */
  | { readonly kind: "wait"; readonly until: number }
  /** The step is over without anything to do. */
  | { readonly kind: "next"; readonly note: string }
  | { readonly kind: "none" };

/** What a reset looks at. */
export interface ResetView {
  readonly planesUp: boolean;
  /** State that the scope reports; `undefined` while there is no row. */
  readonly reported: string | undefined;
  /** Wall-clock ms. */
  readonly now: number;
}

export const PLANES_WITHIN = minutes(30);
export const PLANES_WITHIN_MAX = minutes(24 * 60);
/** A scope is kept disabled no longer than this for want of a DPU that reports dead. */
export const DEAD_WITHIN = seconds(10);

export function isOver(reset: Reset): boolean {
  return reset.step === "done" || reset.step === "cancelled" || reset.step === "failed";
}

export function nextAction(reset: Reset, view: ResetView): ResetAction {
  switch (reset.step) {
    case "deleteScope":
      return cutBefore(reset) ?? { kind: "delete", table: "scope", seen: reset.scopeFields };
    case "deleteSet":
      return cutBefore(reset) ?? { kind: "delete", table: "set", seen: reset.setFields };
    case "waitPlanes":
      if (view.planesUp) return { kind: "next", note: "midplane and control plane are up" };
      return cutBefore(reset) ?? { kind: "wait", until: reset.stepAt + reset.planesWithin };
    case "clearResetInfo":
      return view.planesUp ? { kind: "clearResetInfo" } : { kind: "next", note: "" };
    case "createSet":
      return { kind: "create", table: "set", fields: setAgain(reset) };
    case "createScope":
      return { kind: "create", table: "scope", fields: scopeAgain(reset, true) };
    case "waitDead":
      return view.reported === "dead" || wasDisabled(reset) || reset.cut !== undefined
        ? { kind: "next", note: "" }
        : { kind: "wait", until: reset.stepAt + DEAD_WITHIN };
    case "enableScope": {
      if (wasDisabled(reset)) return { kind: "next", note: "the scope was disabled, and stays so" };
      return { kind: "enable", seen: scopeAgain(reset, true), fields: scopeAgain(reset, false) };
    }
    case "done":
    case "cancelled":
    case "failed":
      return { kind: "none" };
    default:
      return unreachable(reset.step);
  }
}

function cutBefore(reset: Reset): ResetAction | undefined {
  return reset.cut === undefined ? undefined : { kind: "next", note: "" };
}

/** The reset after its present step was performed. */
export function stepDone(reset: Reset, now: number, note = ""): Reset {
  if (isOver(reset)) return reset;
  const at = RESET_STEPS.indexOf(reset.step as ResetStep);
  const following = RESET_STEPS[at + 1];
  const step = following ?? reset.cut?.end ?? "done";
  const told = step === reset.cut?.end ? reset.cut.reason : note;
  return { ...reset, step, stepAt: now, ...(told !== "" && { note: told }) };
}

/** A wait whose time is over: planes that do not come end the reset with everything put back. */
export function waitOver(reset: Reset, now: number): Reset {
  if (reset.step !== "waitPlanes") return stepDone(reset, now, "the DPU did not report dead in time");
  return cut(reset, now, "failed", `midplane and control plane were not up within ${reset.planesWithin / 1000} s`);
}

/** Cuts a reset short: what has been deleted is created again at once. */
export function cut(reset: Reset, now: number, end: "cancelled" | "failed", reason: string): Reset {
  if (isOver(reset) || reset.cut !== undefined) return reset;
  // Nothing was deleted yet: nothing needs to be put back.
  if (reset.step === "deleteScope") return { ...reset, step: end, stepAt: now, note: reason };
  return { ...reset, cut: { end, reason }, note: reason };
}

/** A set that somebody changed after the reset began: what is deleted is what stands now. */
export function withSet(reset: Reset, setFields: Fields, now: number): Reset {
  return { ...reset, setFields, stepAt: now };
}

function wasDisabled(reset: Reset): boolean {
  const row = DashHaScopeConfig.decode(reset.scopeFields);
  return row.ok && row.value.disabled;
}

/** The scope's row on its way back: versions go on, and what was approved in its earlier life does not count. */
function scopeAgain(reset: Reset, held: boolean): Fields {
  const row = DashHaScopeConfig.decode(reset.scopeFields);
  if (!row.ok) return reset.scopeFields;
  return DashHaScopeConfig.encode({
    ...row.value,
    version: String(numberOf(row.value.version) + (held ? 1 : 2)),
    disabled: held || row.value.disabled,
    approved_pending_operation_ids: [],
  });
}

function setAgain({ setFields }: Reset): Fields {
  const row = DashHaSetConfig.decode(setFields);
  if (!row.ok) return setFields;
  return DashHaSetConfig.encode({ ...row.value, version: String(numberOf(row.value.version) + 1) });
}

/** What callers see of a reset. */
export function resetBody(reset: Reset): { readonly [member: string]: Json } {
  const at = RESET_STEPS.indexOf(reset.step as ResetStep);
  return {
    id: reset.id,
    vdpu_id: reset.vdpu,
    ha_scope_id: reset.scope,
    ha_set_id: reset.set,
    slot: reset.slot,
    step: reset.step,
    over: isOver(reset),
    cut: reset.cut?.end ?? null,
    steps_done: at < 0 ? RESET_STEPS.length : at,
    steps: RESET_STEPS.length,
    started_at: reset.startedAt,
    step_at: reset.stepAt,
    note: reset.note,
  };
}

/** As it is kept: rows hold bytes, which JSON text carries as base64. */
export function formatReset(reset: Reset): string {
  return JSON.stringify({ ...reset, scopeFields: packed(reset.scopeFields), setFields: packed(reset.setFields) });
}

export function parseReset(text: string): Result<Reset, string> {
  try {
    const reset = JSON.parse(text) as Reset;
    const known = [...RESET_STEPS, "done", "cancelled", "failed"].some((step) => step === reset.step);
    if (!known || typeof reset.id !== "string") return err("a reset of this version");
    return ok({ ...reset, scopeFields: unpacked(reset.scopeFields), setFields: unpacked(reset.setFields) });
  } catch {
    return err("the JSON of a reset");
  }
}

function packed(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, Buffer.from(encodeText(value)).toString("base64")]),
  );
}

function unpacked(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, decodeText(Buffer.from(value, "base64"))]),
  );
}

/** Pause after a step that a database refused. */
export const RESET_RETRY: Millis = millis(1000);
