import { seconds } from "@tandem/base";
import { type Fid, formatFid, sameFid } from "../fid.js";
import type { Note } from "../motr/message.js";
import type { BridgeEvent } from "./bridge-event.js";
import type { Broadcaster } from "./broadcaster.js";
import type { ClusterReader, ProcessTree } from "./cluster-reader.js";
import type { ConsulCaller } from "./consul-caller.js";
import { processOf } from "./core/conf-tree.js";
import { surroundingNotes } from "./core/process-tree.js";
import {
  type Expansion,
  type NotPassing,
  notesOf,
  processOfServiceId,
  readServiceWatch,
  type ServiceSnapshot,
  saysNew,
  type WatchedService,
} from "./core/service-watch.js";
import { WatchBox } from "./core/watch-box.js";

/** Services that may be told about at once. */
const SERVICES_MAX = 256;
/** A waiting read of Consul lasts so long, so a watch POST that was lost or late is repaired in that time. */
const POLL_EVERY = seconds(4);

interface Waiting {
  readonly snapshot: ServiceSnapshot;
  readonly from: "watch" | "poll";
}

/**
 * States that Consul tells, one snapshot at a time, the newest of each service. A POST is passed on in full; what Consul
 * itself says is passed on when it differs from what was told last.
 */
export class WatchDesk {
  readonly #box = new WatchBox<Waiting>(SERVICES_MAX);
  readonly #told = new Map<string, ReadonlyMap<string, Note>>();
  #working = false;

  constructor(
    private readonly parts: {
      readonly reader: ClusterReader;
      readonly caller: ConsulCaller;
      readonly broadcaster: Broadcaster;
      readonly tell: (event: BridgeEvent) => void;
      readonly notPassing: NotPassing;
      readonly expand: Expansion;
      /** Services that Consul is asked about. */
      readonly services: readonly string[];
    },
  ) {}

  get waiting(): number {
    return this.#box.size;
  }

  get replaced(): number {
    return this.#box.replaced;
  }

  /** The body of a watch's POST. Gives what is wrong with it. */
  post(body: unknown): string | undefined {
    const snapshot = readServiceWatch(body);
    if (!snapshot.ok) {
      this.parts.tell({ kind: "badInput", where: "POST /", detail: snapshot.error });
      return snapshot.error;
    }
    if (snapshot.value !== undefined) this.#offer({ snapshot: snapshot.value, from: "watch" });
    return undefined;
  }

  /** Everything that was told last, for a link that was away. */
  told(): readonly Note[] {
    return [...this.#told.values()].flatMap((notes) => [...notes.values()]);
  }

  /**
   * A process was gone, whatever its checks say. Gives what is told of it, nothing when everybody knows it as FAILED.
   * Once its check passes, what Consul says next is news.
   */
  failing(process: Fid, tree: ProcessTree): readonly Note[] {
    const { expand } = this.parts;
    const known = this.told().find(({ fid }) => sameFid(fid, process));
    if (known?.state === "FAILED") return [];
    const services = expand === "processes" ? [] : (processOf(tree.conf, process)?.services ?? []);
    const own = [process, ...services.map(({ fid }) => fid)].map((fid): Note => ({ fid, state: "FAILED" }));
    const notes = expand === "tree" ? [...own, ...this.#around(own, tree)] : own;
    for (const [service, told] of this.#told)
      if (told.has(formatFid(process)))
        this.#told.set(service, new Map([...told, ...notes.map((note) => [formatFid(note.fid), note] as const)]));
    return notes;
  }

  /** Asks Consul itself about every service, until everything ends. */
  async poll(): Promise<void> {
    await Promise.all(this.parts.services.map((service) => this.#follow(service)));
  }

  async #follow(service: string): Promise<void> {
    const { caller, tell } = this.parts;
    let index = 0;
    for (let attempt = 0; !caller.signal.aborted; ) {
      const read = await caller.call(seconds(10), (consul, signal) =>
        consul.serviceHealth(service, { index, waitMs: POLL_EVERY, signal }),
      );
      if (!read.ok) {
        await caller.pause(attempt);
        attempt += 1;
        continue;
      }
      attempt = 0;
      // An index that goes back is of another Consul: everything is read anew.
      index = read.value.index < index ? 0 : Math.max(1, read.value.index);
      const members: WatchedService[] = [];
      for (const { node, serviceId, checks } of read.value.value) {
        const process = processOfServiceId(serviceId);
        if (process !== undefined) members.push({ node, process, checks });
        else tell({ kind: "badInput", where: `service ${service}`, detail: `id ${serviceId} is of no process` });
      }
      if (members.length > 0) this.#offer({ snapshot: { service, members }, from: "poll" });
    }
  }

  #offer(waiting: Waiting): void {
    if (!this.#box.offer(waiting.snapshot.service, waiting))
      this.parts.tell({ kind: "overflow", queue: "watches", limit: SERVICES_MAX });
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    await Promise.resolve();
    for (let next = this.#box.take(); next !== undefined; next = this.#box.take()) await this.#pass(next);
    this.#working = false;
  }

  async #pass({ snapshot, from }: Waiting): Promise<void> {
    const { reader, broadcaster, notPassing, expand } = this.parts;
    const told = this.#told.get(snapshot.service);
    if (from === "poll" && !saysNew(notesOf(snapshot, undefined, notPassing), told)) return;
    const tree = expand === "tree" ? await reader.tree() : undefined;
    const conf = expand === "services" ? await reader.conf() : undefined;
    const known = conf?.ok === true ? conf.value : reader.lastConf;
    const own = notesOf(snapshot, expand === "processes" ? undefined : known, notPassing);
    const notes = tree?.ok === true ? [...own, ...this.#around(own, tree.value)] : own;
    this.#told.set(snapshot.service, new Map(notes.map((note) => [formatFid(note.fid), note])));
    broadcaster.send(notes, from);
  }

  #around(own: readonly Note[], { conf, around }: ProcessTree): readonly Note[] {
    const told = new Map(this.told().map(({ fid, state }) => [formatFid(fid), state]));
    for (const { fid, state } of own) told.set(formatFid(fid), state);
    return surroundingNotes(own, around, conf, (process) => told.get(formatFid(process)));
  }
}
