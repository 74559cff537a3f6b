import type { AsicNotification } from "../notification.js";
import type { AsicReply } from "../reply.js";
import type { AsicRequest } from "../request.js";
import {
  comparePositions,
  decodeRequest,
  decodeResponse,
  type Position,
  positionParts,
  REQUEST_STREAM,
  RESPONSE_STREAM,
  type StreamEntry,
} from "../streams/wire.js";

/** What goes into the archive next, in the order in which it was said. */
export type Archived =
  | {
      readonly kind: "request";
      readonly position: Position;
      readonly request: AsicRequest;
      /** Absent where nobody waited for it, or it is not there yet. */
      readonly reply: { readonly position: Position; readonly reply: AsicReply } | undefined;
    }
  | { readonly kind: "notification"; readonly position: Position; readonly notification: AsicNotification }
  /** An entry that is none; the line of text says what is wrong with it. */
  | { readonly kind: "malformed"; readonly position: Position; readonly reason: string }
  /** The reply to a request that came before it: it stands there. */
  | { readonly kind: "passed"; readonly position: Position }
  /** So many entries before the next one are gone; `undefined` when Redis began to count anew. */
  | { readonly kind: "hole"; readonly position: Position; readonly entries: number | undefined };

interface Reply {
  readonly position: Position;
  readonly id: string | undefined;
  readonly reply: AsicReply;
}

/** Notifications that wait for the reply to a request before them; beyond it they stand before the request. */
const NOTIFICATIONS_AHEAD_MAX = 50_000;

/**
 * Brings the entries of the request and the response stream into one order, each request with its reply. Positions count
 * through both streams, so whatever is missing shows as a hole.
 *
 * A reply is taken from where it stands and put behind its request, so a single position says how far the archive is: all
 * entries up to it are in, and of those behind it only replies to requests before it.
 */
export class EntryOrder {
  readonly #requests: StreamEntry[] = [];
  readonly #responses: StreamEntry[] = [];
  readonly #replies: Reply[] = [];
  /** Positions of replies that stand behind their requests already. */
  readonly #taken = new Set<number>();
  #before: Position;
  /** Whether the next entry must have the next number. */
  #counts: boolean;
  /** Whether the last read of responses reached the end of the stream. */
  #allResponses = false;

  /** Entries up to `after` are archived. Behind the first position of all nothing can be missing. */
  constructor(after: Position) {
    this.#before = after;
    this.#counts = positionParts(after)[1] > 0;
  }

  /** The last entry that was taken. */
  get position(): Position {
    return this.#before;
  }

  /** The next entry may have any number: Redis may have begun anew. */
  beginAnew(): void {
    this.#counts = false;
  }

  /** Requests that wait. */
  get requests(): number {
    return this.#requests.length;
  }

  get responses(): number {
    return this.#responses.length + this.#replies.length;
  }

  addRequests(entries: readonly StreamEntry[]): void {
    for (const entry of entries) this.#requests.push(entry);
  }

  /** `all` when there is nothing behind them yet. */
  addResponses(entries: readonly StreamEntry[], all: boolean): void {
    this.#allResponses = all;
    for (const entry of entries) this.#responses.push(entry);
  }

  /**
   * The next thing, or what is needed to know it: more responses, or that more is said and done. Requests behind `done` are
   * not finished: their replies may still come.
   */
  next(done: Position): Archived | "moreResponses" | "wait" {
    const request = this.#requests[0];
    const response = this.#responses[0];
    const first = earlier(request, earlier(response, this.#replies[0]));
    if (first === undefined) return "wait";
    const counted = isCounted(first);
    const hole = counted ? this.#holeBefore(first.position) : undefined;
    if (hole !== undefined) return hole;
    if (request !== undefined && first === request) return this.#nextRequest(request, done);
    this.#before = this.#behind(first);
    if (response !== undefined && first === response) {
      this.#responses.shift();
      return archivedResponse(response);
    }
    this.#replies.shift();
    return { kind: "passed", position: first.position };
  }

  #nextRequest(entry: StreamEntry, done: Position): Archived | "moreResponses" | "wait" {
    const decoded = entry.fields === undefined ? undefined : decodeRequest(entry.fields);
    if (decoded?.ok !== true) {
      this.#requests.shift();
      this.#before = this.#behind(entry);
      const reason = decoded === undefined ? "its fields are gone" : decoded.error;
      return { kind: "malformed", position: entry.position, reason: `${REQUEST_STREAM} ${entry.position}: ${reason}` };
    }
    if (comparePositions(entry.position, done) > 0) return "wait";
    const { id, request } = decoded.value;
    const reply = this.#replyTo(id);
    if (reply === "moreResponses") return reply;
    this.#requests.shift();
    this.#before = this.#behind(entry);
    return { kind: "request", position: entry.position, request, reply };
  }

  /** Replies come in the order of requests: one to a later request says that there is none to this one. */
  #replyTo(id: string | undefined): Reply | undefined | "moreResponses" {
    for (;;) {
      const i = this.#replies.findIndex((reply) => reply.id === id);
      if (i >= 0 && id !== undefined) {
        const [reply] = this.#replies.splice(i, 1) as [Reply];
        this.#taken.add(positionParts(reply.position)[1]);
        return reply;
      }
      if (this.#replies.some((reply) => isLater(reply.id, id))) return undefined;
      const at = this.#responses.findIndex((entry) => entry.fields?.get("op") !== "notification");
      const entry = this.#responses[at];
      if (entry === undefined) {
        const enough = this.#allResponses || this.#responses.length > NOTIFICATIONS_AHEAD_MAX;
        return enough ? undefined : "moreResponses";
      }
      const decoded = entry.fields === undefined ? undefined : decodeResponse(entry.fields);
      if (decoded?.ok !== true || decoded.value.kind !== "reply") return undefined;
      this.#responses.splice(at, 1);
      this.#replies.push({ position: entry.position, id: decoded.value.id, reply: decoded.value.reply });
    }
  }

  /** The position behind an entry; one made by hand has no number of the counter, so it counts for nothing. */
  #behind(entry: Placed): Position {
    if (isCounted(entry)) return entry.position;
    return `${positionParts(entry.position)[0]}-${positionParts(this.#before)[1]}`;
  }

  #holeBefore(position: Position): Archived | undefined {
    const [, before] = positionParts(this.#before);
    const [, n] = positionParts(position);
    if (!this.#counts) {
      this.#counts = true;
      this.#before = positionBefore(position);
      return undefined;
    }
    let missing = n - before - 1;
    if (missing < 0) {
      this.#before = positionBefore(position);
      this.#taken.clear();
      return { kind: "hole", position: this.#before, entries: undefined };
    }
    for (const taken of this.#taken) {
      if (taken <= before) this.#taken.delete(taken);
      else if (taken < n) missing -= 1;
    }
    if (missing <= 0) return undefined;
    this.#before = positionBefore(position);
    return { kind: "hole", position: this.#before, entries: missing };
  }
}

interface Placed {
  readonly position: Position;
  readonly fields?: StreamEntry["fields"];
}

function earlier(a: Placed | undefined, b: Placed | undefined): Placed | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return comparePositions(a.position, b.position) <= 0 ? a : b;
}

/** Replies that were decoded have no fields here any more; all others tell by theirs. */
function isCounted(entry: Placed): boolean {
  if (!("fields" in entry)) return true;
  return entry.fields?.has("id") === true || entry.fields?.get("op") === "notification";
}

function positionBefore(position: Position): Position {
  const [at, n] = positionParts(position);
  return `${at}-${n - 1}`;
}

/** Ids are `epoch:number`. Of another client nothing can be said. */
function isLater(id: string | undefined, than: string | undefined): boolean {
  const [epoch, number] = idParts(id);
  const [thanEpoch, thanNumber] = idParts(than);
  return epoch !== undefined && epoch === thanEpoch && number > thanNumber;
}

function idParts(id: string | undefined): readonly [epoch: string | undefined, number: number] {
  if (id === undefined) return [undefined, 0];
  const colon = id.lastIndexOf(":");
  return [id.slice(0, colon), Number(id.slice(colon + 1))];
}

function archivedResponse({ position, fields }: StreamEntry): Archived {
  const decoded = fields === undefined ? undefined : decodeResponse(fields);
  if (decoded?.ok !== true) {
    const reason = decoded === undefined ? "its fields are gone" : decoded.error;
    return { kind: "malformed", position, reason: `${RESPONSE_STREAM} ${position}: ${reason}` };
  }
  if (decoded.value.kind === "notification")
    return { kind: "notification", position, notification: decoded.value.notification };
  return { kind: "passed", position };
}
