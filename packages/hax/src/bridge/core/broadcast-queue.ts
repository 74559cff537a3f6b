import { err, ok, type Result } from "@tandem/base";
import { type Fid, fidLetter, formatFid, NULL_FID, parseFid, sameFid } from "../../fid.js";
import type { Note, NoteState } from "../../motr/message.js";
import { type ConfTree, type Pair, processOf } from "./conf-tree.js";

/** One item of `bq/<n>`. */
export interface QueueItem {
  readonly number: number;
  readonly text: string;
}

/** What an item asks for. */
export type QueueOrder =
  /** States to be told on every link. */
  | { readonly kind: "notes"; readonly notes: readonly Note[] }
  /** A process of another node changed: told, then kept in this node's view of it. */
  | { readonly kind: "process"; readonly process: Fid; readonly notes: readonly Note[]; readonly status: string }
  | { readonly kind: "nothing"; readonly because: string };

const PREFIX = "bq/";

/** Items above the offset, by number: Consul lists `bq/10` before `bq/9`. Keys that end in no number are left out. */
export function newItems(pairs: readonly Pair[], offset: number): readonly QueueItem[] {
  return pairs
    .flatMap(({ key, text }) => {
      const digits = key.startsWith(PREFIX) ? key.slice(key.lastIndexOf("/") + 1) : "";
      const number = /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
      return number > offset ? [{ number, text }] : [];
    })
    .sort((a, b) => a.number - b.number);
}

/** The number in `bq-delivered/<node>`; nothing was processed when there is none. */
export function offsetIn(text: string | undefined): Result<number, string> {
  if (text === undefined) return ok(-1);
  const digits = text.trim();
  return /^-?\d{1,15}$/.test(digits)
    ? ok(Number(digits))
    : err(`${JSON.stringify(digits.slice(0, 40))} is no number of an item`);
}

/** Reads `bq/` as a watch of type keyprefix posts it: entries with base64 values, or null. */
export function readQueueWatch(body: unknown): Result<readonly Pair[], string> {
  if (body === null) return ok([]);
  if (!Array.isArray(body)) return err("expected an array of {Key, Value}, as a watch of type keyprefix posts");
  const pairs: Pair[] = [];
  for (const [index, entry] of body.entries()) {
    const { Key, Value } = (entry ?? {}) as { readonly Key?: unknown; readonly Value?: unknown };
    if (typeof Key !== "string") return err(`entry ${index}: expected a text at Key`);
    if (Value !== null && typeof Value !== "string") return err(`entry ${index}: expected base64 at Value`);
    pairs.push({ key: Key, text: Buffer.from(Value ?? "", "base64").toString("utf8") });
  }
  return ok(pairs);
}

const DEVICE_STATES: Readonly<Record<string, NoteState>> = {
  ...{ online: "ONLINE", failed: "FAILED", offline: "TRANSIENT" },
  ...{ repair: "REPAIR", repaired: "REPAIRED", rebalance: "REBALANCE" },
};

const PROCESS_STATES: Readonly<Record<string, NoteState>> = {
  ...{ STARTING: "ONLINE", STARTED: "DTM_RECOVERING", DTM_RECOVERED: "ONLINE" },
  ...{ STOPPING: "TRANSIENT", STOPPED: "TRANSIENT" },
};

/** What an item asks for; what cannot be understood is an error, and no reason to ask again. */
export function orderOf(
  { text }: QueueItem,
  conf: ConfTree,
  drives: ReadonlyMap<string, string>,
  node: string,
): Result<QueueOrder, string> {
  let item: { readonly message_type?: unknown; readonly type?: unknown; readonly payload?: unknown };
  try {
    item = (JSON.parse(text) ?? {}) as typeof item;
  } catch {
    return err("is not JSON");
  }
  const type = item.message_type ?? item.type;
  let payload: unknown = item.payload;
  if (typeof payload === "string")
    try {
      payload = JSON.parse(payload);
    } catch {
      return err("has a payload that is not JSON");
    }
  const fields = (typeof payload === "object" && payload !== null ? payload : {}) as Readonly<Record<string, unknown>>;
  const fid = (name: string): Fid | undefined => {
    const read = typeof fields[name] === "string" ? parseFid(fields[name]) : undefined;
    return read?.ok === true ? read.value : undefined;
  };
  const nothing = (because: string): Result<QueueOrder, string> => ok({ kind: "nothing", because });
  switch (type) {
    case "M0_HA_MSG_NVEC": {
      const device = fid("device");
      const state = typeof fields.state === "string" ? DEVICE_STATES[fields.state] : undefined;
      if (device === undefined) return err("names no device fid");
      if (state === undefined) return err(`has a state of no device: ${JSON.stringify(fields.state)}`);
      const drive = drives.get(formatFid(device)) ?? formatFid(device);
      const known = parseFid(drive);
      return known.ok ? ok({ kind: "notes", notes: [{ fid: known.value, state }] }) : err(known.error);
    }
    case "STOB_IOQ_ERROR": {
      const device = fid("conf_sdev");
      if (device === undefined) return err("names no conf_sdev fid");
      if (sameFid(device, NULL_FID)) return nothing("its device is not set");
      return ok({ kind: "notes", notes: [{ fid: device, state: "FAILED" }] });
    }
    case "PROCESS-STATE-UPDATE": {
      const process = fid("fid");
      if (process === undefined || fidLetter(process) !== "r") return err("names no process fid");
      const event = typeof fields.state === "string" ? fields.state.replace(/^M0_CONF_HA_PROCESS_/, "") : "";
      const state = PROCESS_STATES[event];
      if (state === undefined) return err(`has a state of no process: ${JSON.stringify(fields.state)}`);
      if (typeof fields.type !== "string") return err("names no process type");
      const known = processOf(conf, process);
      if (known?.node === node) return nothing("it is about a process of this node");
      const notes = [
        { fid: process, state },
        ...(known?.services ?? []).map((service) => ({ fid: service.fid, state })),
      ];
      const status = `{"state": ${JSON.stringify(fields.state)}, "type": ${JSON.stringify(fields.type)}}`;
      return ok({ kind: "process", process, notes, status });
    }
    case "SNS_OP":
      return nothing("repair and rebalance need Motr's own library, which hax has not");
    default:
      return err(`has message_type ${JSON.stringify(type)}, which is none of ours`);
  }
}

/** Drive (text) by device (text), and device by drive, from `m0conf/sites`. */
export function readDrives(pairs: readonly Pair[]): {
  readonly driveOf: ReadonlyMap<string, string>;
  readonly sdevOf: ReadonlyMap<string, string>;
} {
  const driveOf = new Map<string, string>();
  const sdevOf = new Map<string, string>();
  for (const { key, text } of pairs) {
    const drive = /\/drives\/([^/]+)$/.exec(key)?.[1];
    if (drive === undefined) continue;
    try {
      const { sdev } = JSON.parse(text) as { readonly sdev?: unknown };
      const read = typeof sdev === "string" ? parseFid(sdev) : undefined;
      if (read?.ok !== true) continue;
      driveOf.set(formatFid(read.value), drive);
      sdevOf.set(drive, formatFid(read.value));
    } catch {
      // The tree's reader names what is no JSON; a drive without its device is a drive of which nothing is known.
    }
  }
  return { driveOf, sdevOf };
}
