import { ok, type Result } from "@tandem/base";
import { type Command, describeStoreError, type Reply, type Store } from "@tandem/swss";
import { GROUP, POSITION_FIRST, positionParts, REQUEST_STREAM, RESPONSE_STREAM } from "../streams/wire.js";

/** What waits in one queue of ASIC_DB. */
export interface QueueView {
  readonly name: string;
  readonly kind: "list" | "stream" | "ring";
  readonly transport: string;
  /** Whole entries. */
  readonly entries: number;
  /** Taken, and not acknowledged. */
  readonly pending: number;
  /** Wall clock of the oldest entry that waits, milliseconds since 1970; upstream's lists do not know. */
  readonly oldest: number | undefined;
  readonly bytes: number;
}

/** Streams whose entries leave them when they are done, and of whom they are. */
const WAITING = [
  ["ASIC_GRPC_QUEUE", "grpc-queue"],
  ["ASIC_ZMQ_OUTBOX_QUEUE", "zmq"],
] as const;

/** A list whose elements begin with their position, as entries of a stream have it. */
const NUMBERED_LIST = "ASIC_GRPC_LIST";

const LISTS = ["ASIC_STATE_KEY_VALUE_OP_QUEUE", "GETRESPONSE_KEY_VALUE_OP_QUEUE"] as const;

/** Fields of one entry of a list: key, value, op. */
const LIST_FIELDS = 3;

/** Queues of all transports that keep one in ASIC_DB. */
export async function readQueues(store: Store): Promise<Result<readonly QueueView[], string>> {
  const ask = async (command: Command): Promise<Reply> => {
    const reply = await store.command(command);
    if (reply.ok) return reply.value;
    // A stream or group that is not there is an empty one.
    if (reply.error.kind === "refused") return null;
    throw new Unreadable(describeStoreError(reply.error));
  };
  try {
    const queues: QueueView[] = [];
    for (const name of LISTS) {
      queues.push({
        ...{ name, kind: "list", transport: "list-pubsub", pending: 0, oldest: undefined },
        entries: Math.floor(Number(await ask(["LLEN", name])) / LIST_FIELDS),
        bytes: Number(await ask(["MEMORY", "USAGE", name])),
      });
    }
    for (const name of [REQUEST_STREAM, RESPONSE_STREAM]) {
      const pending = (await ask(["XPENDING", name, GROUP])) as readonly Reply[] | null;
      const undelivered = await lagOf(ask, name);
      queues.push({
        ...{ name, kind: "stream", transport: "streams" },
        entries: Number(await ask(["XLEN", name])),
        pending: Number(pending?.[0] ?? 0),
        oldest: oldestOf(pending, undelivered),
        bytes: Number(await ask(["MEMORY", "USAGE", name])),
      });
    }
    for (const [name, transport] of WAITING) {
      const first = (await ask(["XRANGE", name, "-", "+", "COUNT", "1"])) as readonly (readonly Reply[])[] | null;
      const id = first?.[0]?.[0];
      queues.push({
        ...{ name, kind: "stream", transport, pending: 0 },
        entries: Number(await ask(["XLEN", name])),
        oldest: id === undefined || id === null ? undefined : positionParts(String(id))[0],
        bytes: Number(await ask(["MEMORY", "USAGE", name])),
      });
    }
    const [oldest] = (await ask(["LRANGE", NUMBERED_LIST, "0", "0"])) as readonly string[];
    const [, since] = /^(\d+)-\d+ /.exec(oldest ?? "") ?? [];
    queues.push({
      ...{ name: NUMBERED_LIST, kind: "list", transport: "grpc-queue", pending: 0 },
      entries: Number(await ask(["LLEN", NUMBERED_LIST])),
      oldest: since === undefined ? undefined : Number(since),
      bytes: Number(await ask(["MEMORY", "USAGE", NUMBERED_LIST])),
    });
    return ok(queues);
  } catch (error) {
    if (error instanceof Unreadable) return { ok: false, error: error.message };
    throw error;
  }
}

class Unreadable extends Error {}

/** The first entry that the group has not been given. */
async function lagOf(ask: (command: Command) => Promise<Reply>, name: string): Promise<string | undefined> {
  const groups = (await ask(["XINFO", "GROUPS", name])) as readonly (readonly Reply[])[] | null;
  const mine = (groups ?? []).find((group) => group[group.indexOf("name") + 1] === GROUP);
  if (mine === undefined) return undefined;
  const last = String(mine[mine.indexOf("last-delivered-id") + 1] ?? POSITION_FIRST);
  const next = (await ask(["XRANGE", name, `(${last}`, "+", "COUNT", "1"])) as readonly (readonly Reply[])[] | null;
  const id = next?.[0]?.[0];
  return id === undefined || id === null ? undefined : String(id);
}

function oldestOf(pending: readonly Reply[] | null, undelivered: string | undefined): number | undefined {
  const first = pending?.[1] === null || pending?.[1] === undefined ? undefined : String(pending[1]);
  const waiting = first ?? undelivered;
  return waiting === undefined ? undefined : positionParts(waiting)[0];
}
