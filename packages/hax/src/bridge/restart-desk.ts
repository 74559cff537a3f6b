import { ok, type Result } from "@tandem/base";
import { formatFid, sameFid } from "../fid.js";
import type { EntrypointReply, EntrypointRequest, HaLink } from "../link/ha-link.js";
import type { BridgeEvent } from "./bridge-event.js";
import type { Broadcaster } from "./broadcaster.js";
import type { ClusterReader, StartsRead } from "./cluster-reader.js";
import { FirstRequests, isSuspect, judgeStart, startsIn, startsPrefix, startsText } from "./core/restart.js";
import { EVENTS_MAX, type EventStorer } from "./event-storer.js";
import type { WatchDesk } from "./watch-desk.js";

/** What was read for the first requests of one round. */
export interface Starts {
  readonly read: StartsRead;
  /** Puts that were on their way when the read began: it may have missed them, and they may have arrived since. */
  readonly pending: ReadonlyMap<string, string>;
}

/**
 * Processes that died and came back before any check saw it. Whoever dealt with one must hear FAILED before it is let in
 * again, or would go on with what the dead one had promised.
 */
export class RestartDesk {
  readonly #firsts = new FirstRequests();

  constructor(
    private readonly parts: {
      readonly node: string;
      readonly link: HaLink;
      readonly reader: ClusterReader;
      readonly storer: EventStorer;
      readonly watches: WatchDesk;
      readonly broadcaster: Broadcaster;
      readonly tell: (event: BridgeEvent) => void;
    },
  ) {}

  isFirst(request: EntrypointRequest): boolean {
    return this.#firsts.has(request);
  }

  /** One read for all of `firsts`. */
  async read(firsts: readonly EntrypointRequest[]): Promise<Result<Starts, string>> {
    const { node, reader, storer } = this.parts;
    const pending = storer.book.pendingValues();
    const more = new Map<string, number>();
    for (const { process } of firsts) more.set(formatFid(process), (more.get(formatFid(process)) ?? -1) + 1);
    const read = await reader.starts(node, (counted) =>
      // A process that asks twice in one round has begun once more the second time.
      [...more].some(([fid, again]) => isSuspect(this.#startsOf(fid, counted, pending) + again)),
    );
    return read.ok ? ok({ read: read.value, pending }) : read;
  }

  /** Before the reply: everybody else hears that the process was gone. False: there is no room to store it. */
  admit({ process }: EntrypointRequest, starts: Starts): boolean {
    const { link, storer, watches, broadcaster, tell } = this.parts;
    const { known } = starts.read;
    if (known === undefined) return true;
    const key = `processes/${formatFid(process)}`;
    const status = storer.book.pendingValue(key) ?? known.statuses.get(key);
    const { conf } = known.tree;
    const verdict = judgeStart({
      ...{ process, starts: this.#startsOf(formatFid(process), starts.read.counted, starts.pending), status },
      ...{ conf, clientTypes: known.clientTypes },
    });
    if (verdict.kind === "passes") return true;
    if (verdict.status !== undefined && !storer.offer(key, verdict.status)) {
      tell({ kind: "overflow", queue: "events", limit: EVENTS_MAX });
      return false;
    }
    const notes = watches.failing(process, known.tree);
    const others = link.links().filter((each) => !sameFid(each.process, process));
    if (notes.length > 0) broadcaster.send(notes, "restart", others);
    // One that ended in order, and whose end everybody knows, is no news.
    if (verdict.status !== undefined || notes.length > 0)
      tell({ kind: "restarted", process, told: notes.length > 0 ? others.length : 0 });
    return true;
  }

  /** The reply is in the link: this start counts. */
  count({ process }: EntrypointRequest, starts: Starts): void {
    const { node, storer, tell } = this.parts;
    const fid = formatFid(process);
    const counted = storer.offer(
      startsPrefix(node) + fid,
      startsText(this.#startsOf(fid, starts.read.counted, starts.pending) + 1),
    );
    if (!counted) tell({ kind: "overflow", queue: "events", limit: EVENTS_MAX });
  }

  /** What a process was told, EAGAIN also for nothing. After EAGAIN its next request is the first, whatever it says. */
  replied(request: EntrypointRequest, { rc }: EntrypointReply): void {
    if (rc === 0) this.#firsts.served(request.process);
    else if (this.isFirst(request)) this.#firsts.refused(request.process);
  }

  #startsOf(fid: string, read: ReadonlyMap<string, number>, pending: ReadonlyMap<string, string>): number {
    const { node, storer } = this.parts;
    const key = startsPrefix(node) + fid;
    const onTheirWay = [pending.get(key), storer.book.pendingValue(key)].map((text) => startsIn(text));
    return Math.max(read.get(fid) ?? 0, ...onTheirWay.map((starts) => (starts.ok ? starts.value : 0)));
  }
}
