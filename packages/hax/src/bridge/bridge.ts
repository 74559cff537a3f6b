import { setMaxListeners } from "node:events";
import {
  type Clock,
  type CrashPoint,
  invariant,
  type Millis,
  millis,
  type Random,
  seconds,
  unreachable,
  within,
} from "@tandem/base";
import type { ConsulApi } from "../consul/consul-api.js";
import { formatFid, NULL_FID, typedFid } from "../fid.js";
import { describeLink, type HaLink, type LinkEvent, type LinkId } from "../link/ha-link.js";
import type { HaData, HaMessage, Note } from "../motr/message.js";
import type { BridgeEvent } from "./bridge-event.js";
import { Broadcaster } from "./broadcaster.js";
import { ClusterReader } from "./cluster-reader.js";
import { ConsulCaller } from "./consul-caller.js";
import { statusText } from "./core/event-book.js";
import { readProcessWatch } from "./core/process-watch.js";
import { kindOf, type Profile, REACTIONS } from "./core/reaction.js";
import type { Expansion, NotPassing } from "./core/service-watch.js";
import { queueItemText, stobIoqText } from "./core/stob-ioq-text.js";
import { EntrypointDesk } from "./entrypoint-desk.js";
import { publishItem } from "./event-queue.js";
import { EVENTS_MAX, EventStorer, type Journal } from "./event-storer.js";
import { GetDesk } from "./get-desk.js";
import { QueueDesk } from "./queue-desk.js";
import { QueuePruner } from "./queue-pruner.js";
import { RestartDesk } from "./restart-desk.js";
import { StrictLine } from "./strict-line.js";
import { WatchDesk } from "./watch-desk.js";

export interface BridgeOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly crashPoint: CrashPoint;
  readonly link: HaLink;
  readonly consul: ConsulApi;
  /** This node's name in Consul. */
  readonly node: string;
  readonly profile: Profile;
  readonly notPassing: NotPassing;
  readonly expand: Expansion;
  readonly stobIoq: "ignore" | "queue";
  /** Services whose health is followed. */
  readonly services: readonly string[];
  /** Oldest view of Consul that may answer NVEC GET while Consul does not. */
  readonly viewMax: Millis;
  readonly journal?: Journal;
  readonly onEvent: (event: BridgeEvent) => void;
}

/** Parts of a clean end: events are stored, then links are closed. */
const FLUSH_WITHIN = seconds(4);
const CLOSE_WITHIN = seconds(3);

/** The pool of the stub that answers failure vectors. */
const STUB_POOL = typedFid("o", 2n, 9n);

/** Motr on one side, Consul on the other: RFC 5/HAX. */
export class Bridge {
  readonly caller: ConsulCaller;
  readonly reader: ClusterReader;
  readonly broadcaster: Broadcaster;
  readonly entrypoints: EntrypointDesk;
  readonly storer: EventStorer;
  readonly gets: GetDesk;
  readonly watches: WatchDesk;
  readonly queue: QueueDesk;
  readonly pruner: QueuePruner;
  readonly #options: BridgeOptions;
  readonly #strict: StrictLine | undefined;
  readonly #ending = new AbortController();
  #unsubscribe: () => void = () => {};

  constructor(options: BridgeOptions) {
    this.#options = options;
    setMaxListeners(0, this.#ending.signal); // each call and each wait listens for a while
    const { clock, random, crashPoint, link, consul, node, onEvent: tell, journal, profile } = options;
    this.caller = new ConsulCaller({ clock, random, consul, tell, signal: this.#ending.signal });
    this.reader = new ClusterReader(this.caller, clock, tell);
    const { caller, reader } = this;
    this.broadcaster = new Broadcaster({ clock, link, tell });
    const { broadcaster } = this;
    this.storer = new EventStorer({
      ...{ clock, crashPoint, link, caller, tell, keep: profile === "default" ? "newest" : "every" },
      ...(journal !== undefined && { journal }),
    });
    this.gets = new GetDesk({
      ...{ clock, link, reader, caller, tell, viewMax: options.viewMax },
      pending: () => this.storer.book.pendingValues(),
    });
    const { notPassing, expand, services } = options;
    this.watches = new WatchDesk({ reader, caller, broadcaster, tell, notPassing, expand, services });
    const { storer, watches } = this;
    this.entrypoints = new EntrypointDesk({
      ...{ clock, link, reader, caller, tell },
      ...(profile === "default" && {
        restarts: new RestartDesk({ node, link, reader, storer, watches, broadcaster, tell }),
      }),
    });
    this.queue = new QueueDesk({ node, crashPoint, reader, caller, broadcaster, tell });
    this.pruner = new QueuePruner({ clock, node, caller, tell });
    this.#strict = profile === "strictSeed" ? new StrictLine(EVENTS_MAX) : undefined;
  }

  /** Takes up the journal, then serves; what it does ends with `stop`. */
  async start(): Promise<void> {
    await this.storer.load();
    this.#unsubscribe = this.#options.link.onEvent((event) => this.#onLink(event));
    void this.#strict?.run();
    void this.watches.poll();
    void this.queue.poll();
    void this.pruner.run();
  }

  /** Requests that wait are answered, events stored or journaled, links closed, in this order, each within its time. */
  async stop(): Promise<void> {
    const { clock, link } = this.#options;
    this.#strict?.close();
    this.entrypoints.stop();
    await within(clock, FLUSH_WITHIN, this.storer.idle());
    await within(clock, seconds(1), this.storer.journalNow());
    const closed = new Promise<void>((resolve) => {
      const look = (): void => {
        // Those whose process has not agreed to the end yet are among these.
        if (link.view().length === 0) resolve();
      };
      link.onEvent(look);
      for (const { id } of link.links()) link.disconnect(id, "hax stops");
      look();
    });
    await within(clock, CLOSE_WITHIN, closed);
    this.#unsubscribe();
    this.#ending.abort(new Error("the bridge stops"));
    this.broadcaster.stop();
  }

  /** The body of a watch on one key below `processes/`. Gives what is wrong with it. */
  processWatch(body: unknown): string | undefined {
    const read = readProcessWatch(body, this.reader.lastConf);
    if (!read.ok) {
      this.#options.onEvent({ kind: "badInput", where: "POST /watcher/processes", detail: read.error });
      return read.error;
    }
    if (read.value.length > 0) this.broadcaster.send(read.value, "watch");
    return undefined;
  }

  #onLink(event: LinkEvent): void {
    switch (event.kind) {
      case "entrypoint": {
        const { request } = event;
        if (this.#strict === undefined) this.entrypoints.receive(request);
        else if (!this.#strict.add(() => this.entrypoints.one(request))) this.entrypoints.receive(request);
        return;
      }
      case "message":
        this.#onMessage(event.link, event.tag, event.message);
        return;
      case "delivered":
      case "notDelivered":
        this.gets.fate(event.link, event.tag, event.kind);
        this.broadcaster.fate(event.link, event.tag, event.kind);
        return;
      case "linkDisconnecting":
        this.#options.link.disconnect(event.link, "as its process wants");
        return;
      case "trouble":
        this.#options.onEvent(event);
        return;
      case "linkConnected":
      case "linkReused":
        // A link that comes back missed what was told meanwhile; a new one asks by itself.
        if (event.requestId === undefined) this.broadcaster.send(this.watches.told(), "watch", [event.link]);
        return;
      case "linkAbsent":
      case "linkDisconnected":
        return;
      default:
        unreachable(event);
    }
  }

  #onMessage(from: LinkId, tag: bigint, message: HaMessage): void {
    const { link, profile, onEvent: tell, stobIoq } = this.#options;
    const { data } = message;
    const type = kindOf(data);
    const reaction = REACTIONS[type][profile];
    tell({ kind: "message", type, reaction });
    const done = (): void => link.delivered(from, tag);
    switch (reaction) {
      case "ignore":
        done();
        return;
      case "publish":
        invariant(data.type === "STOB_IOQ", "only STOB_IOQ is published");
        if (stobIoq === "ignore") done();
        else void this.#publish(queueItemText("stob-ioq", stobIoqText(message.fid, data)), done);
        return;
      case "answerGet":
        invariant(data.type === "NVEC", "only vectors ask");
        if (this.#strict === undefined) this.gets.receive(from, tag, data);
        else this.#inLine(from, () => this.gets.one(from, tag, data));
        return;
      case "passOn":
        invariant(data.type === "NVEC", "only vectors tell");
        this.#passOn(data.notes);
        done();
        return;
      case "answerStub":
        this.#answer(from, stubOf(data));
        done();
        return;
      case "answerKeepalive":
        invariant(data.type === "KEEPALIVE_REQ", "only a keepalive request is answered so");
        this.#answer(from, { type: "KEEPALIVE_REP", id: data.id, counter: 1n });
        done();
        return;
      case "storeEvent":
        this.#store(from, tag, message);
        return;
      case "alarm":
        tell({ kind: "alarm", type, detail: `${this.#nameOf(from)} says ${plain(data)}; its link stays` });
        done();
        return;
      case "panic":
        tell({ kind: "panic", type, detail: `${this.#nameOf(from)} says ${plain(data)}` });
        return;
      default:
        unreachable(reaction);
    }
  }

  #store(from: LinkId, tag: bigint, { fid, data }: HaMessage): void {
    const { clock, link, onEvent: tell } = this.#options;
    invariant(data.type === "EVENT_PROCESS", "only events of processes are stored");
    const key = `processes/${formatFid(fid)}`;
    const value = statusText(data.event, data.processType);
    const offer = (): void => {
      if (this.storer.offer(key, value, { link: from, tag, at: clock.monotonic() })) return;
      tell({ kind: "overflow", queue: "events", limit: EVENTS_MAX });
      link.disconnect(from, `${EVENTS_MAX} events wait already`);
    };
    if (this.#strict === undefined) offer();
    else
      this.#inLine(from, () => {
        offer();
        return this.storer.idle();
      });
  }

  #inLine(from: LinkId, work: () => Promise<void>): void {
    if (this.#strict?.add(work) === true) return;
    this.#options.onEvent({ kind: "overflow", queue: "events", limit: EVENTS_MAX });
    this.#options.link.disconnect(from, `${EVENTS_MAX} messages wait already`);
  }

  /** REPAIRED and ONLINE are everybody's business; a repair that failed is FAILED again, a rebalance REPAIRED. */
  #passOn(notes: readonly Note[]): void {
    const told = notes.flatMap(({ fid, state }): Note[] => {
      if (state === "REPAIRED" || state === "ONLINE") return [{ fid, state }];
      if (state === "REPAIR") return [{ fid, state: "FAILED" }];
      return state === "REBALANCE" ? [{ fid, state: "REPAIRED" }] : [];
    });
    if (told.length > 0) this.broadcaster.send(told, "motr");
  }

  #answer(to: LinkId, data: HaData): void {
    const { link, onEvent: tell } = this.#options;
    const none = { fid: NULL_FID, sourceProcess: NULL_FID, sourceService: NULL_FID, time: 0n, epoch: 0n };
    const sent = link.send(to, { ...none, data });
    if (!sent.ok) tell({ kind: "refusedByLink", error: sent.error });
  }

  async #publish(item: string, done: () => void): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const published = await publishItem(this.caller, "eq", item);
      if (published.ok) {
        this.#options.crashPoint.reach("hax.item.published");
        done();
        return;
      }
      this.#options.onEvent({ kind: "putFailed", key: "eq/", failures: attempt + 1, because: published.error });
      if (!(await this.caller.pause(attempt))) return;
    }
  }

  #nameOf(id: LinkId): string {
    const info = this.#options.link.links().find((link) => link.id === id);
    return info === undefined ? `link ${id}` : describeLink(info);
  }
}

function stubOf(data: HaData): HaData {
  invariant(data.type === "FAILURE_VEC_REQ" || data.type === "FAILURE_VEC_REP", "only failure vectors are answered so");
  return { type: "FAILURE_VEC_REP", pool: STUB_POOL, cookie: data.cookie, notes: [] };
}

/** A message as one line. */
function plain(data: HaData): string {
  return JSON.stringify(data, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

/** How old a view may be that answers in Consul's stead, unless told otherwise. */
export const VIEW_MAX_DEFAULT = millis(60_000);
