import { err, ok, type Result } from "@tandem/base";
import { type Fid, formatFid } from "../../fid.js";
import { PROCESS_TYPES } from "../../motr/message.js";
import { type ConfTree, processOf, stateIn } from "./conf-tree.js";
import { statusText } from "./event-book.js";

/** A process that has begun so often before began once by mkfs and once by itself: one time more is a restart. */
const STARTS_OF_ONE_LIFE = 1;
/** Processes that are remembered; the one that asked longest ago is forgotten. */
const OWED_MAX = 4096;
const MKFS = "M0_CONF_HA_PROCESS_M0MKFS";
const HAX = "M0_CONF_HA_PROCESS_HA";

/** Where this node's hax counts the starts of its processes: a fid follows. */
export const startsPrefix = (node: string): string => `${node}/process_restarts/`;

/** The number of starts as it is stored: a JSON string of digits. */
export function startsText(starts: number): string {
  return JSON.stringify(String(starts));
}

/** The number of starts in a stored value; 0 when there is none. */
export function startsIn(text: string | undefined): Result<number, string> {
  if (text === undefined) return ok(0);
  const digits = /^"?(\d{1,15})"?$/.exec(text.trim())?.[1];
  return digits === undefined ? err(`${text.slice(0, 40)}: expected a JSON string of digits`) : ok(Number(digits));
}

/** Whether so many starts before this one ask for a look at what else is known of the process. */
export function isSuspect(startsBefore: number): boolean {
  return startsBefore > STARTS_OF_ONE_LIFE;
}

/** What is known of a process that asks for the first time in its life. */
export interface StartFacts {
  readonly process: Fid;
  /** Starts before this one. */
  readonly starts: number;
  /** The newest value of `processes/<fid>`, stored or on its way. */
  readonly status: string | undefined;
  readonly conf: ConfTree;
  /** Names of services that only clients have, as `m0_client_types` lists them. */
  readonly clientTypes: readonly string[];
}

export type StartVerdict =
  | { readonly kind: "passes"; readonly because: string }
  /** `status`: what `processes/<fid>` must hold now; nothing when it does already. */
  | { readonly kind: "restarted"; readonly status: string | undefined };

/** Whether a process that begins was there before and ended without a word: it is FAILED until it says that it works. */
export function judgeStart({ process, starts, status, conf, clientTypes }: StartFacts): StartVerdict {
  const passes = (because: string): StartVerdict => ({ kind: "passes", because });
  if (!isSuspect(starts)) return passes(`${starts} starts before this one`);
  const known = processOf(conf, process);
  if (known === undefined) return passes("the configuration does not have it: nobody relies on it");
  const names = known.services.map(({ name }) => name);
  if (names.some((name) => name.startsWith("m0_client") || clientTypes.includes(name))) return passes("it is a client");
  const type = status === undefined ? undefined : memberOf(status, "type");
  if (names.includes("ha") || type === HAX) return passes("it is a hax");
  if (type === MKFS) return passes("mkfs was there before it");
  if (status !== undefined && stateIn(status) === "M0_CONF_HA_PROCESS_STOPPED")
    return { kind: "restarted", status: undefined };
  const before = PROCESS_TYPES.find((each) => type === `M0_CONF_HA_PROCESS_${each}`) ?? "M0D";
  return { kind: "restarted", status: statusText("STOPPED", before) };
}

/** Names in `m0_client_types`, a JSON list. */
export function clientTypesIn(text: string | undefined): Result<readonly string[], string> {
  if (text === undefined) return ok([]);
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((name) => typeof name === "string")) return ok(list);
  } catch {
    // Said below.
  }
  return err("expected a JSON list of names");
}

/**
 * Which requests are the first ones of a life that count. A process calls its request the first until it has had any
 * reply; one that was told EAGAIN has begun all the same, and nothing was done about it yet.
 */
export class FirstRequests {
  readonly #owed = new Set<string>();

  has({ process, firstRequest }: { readonly process: Fid; readonly firstRequest: boolean }): boolean {
    return firstRequest || this.#owed.has(formatFid(process));
  }

  /** A first request was told EAGAIN. */
  refused(process: Fid): void {
    const text = formatFid(process);
    this.#owed.delete(text);
    this.#owed.add(text);
    const [oldest] = this.#owed.size > OWED_MAX ? this.#owed : [];
    if (oldest !== undefined) this.#owed.delete(oldest);
  }

  served(process: Fid): void {
    this.#owed.delete(formatFid(process));
  }

  get size(): number {
    return this.#owed.size;
  }
}

function memberOf(text: string, name: string): unknown {
  try {
    return (JSON.parse(text) as Readonly<Record<string, unknown>> | null)?.[name];
  } catch {
    return undefined;
  }
}
