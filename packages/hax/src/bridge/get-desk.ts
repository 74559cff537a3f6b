import { type Clock, type Millis, millis } from "@tandem/base";
import type { HaLink, LinkId } from "../link/ha-link.js";
import type { Nvec } from "../motr/message.js";
import type { BridgeEvent } from "./bridge-event.js";
import { setVector } from "./broadcaster.js";
import type { ClusterReader } from "./cluster-reader.js";
import type { ConsulCaller } from "./consul-caller.js";
import { stateIn } from "./core/conf-tree.js";
import { answerNotes, type HealthView } from "./core/health-view.js";

/** Questions that wait; one more closes its link, whose process comes back and asks again. */
const GETS_MAX = 4096;

interface Question {
  readonly link: LinkId;
  readonly tag: bigint;
  readonly asked: Nvec;
  readonly came: number;
}

/**
 * NVEC GET: every question is answered, once, in the order of their coming, however long Consul is away: from the last
 * good view while that is young enough, else when Consul is back.
 */
export class GetDesk {
  readonly #line: Question[] = [];
  /** Answers under way, each with the tag of its question; as many as links carry messages. */
  readonly #answers = new Map<string, bigint>();
  #working = false;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly link: HaLink;
      readonly reader: ClusterReader;
      readonly caller: ConsulCaller;
      readonly tell: (event: BridgeEvent) => void;
      /** Oldest view that may answer while Consul does not. */
      readonly viewMax: Millis;
      /** Statuses that are not in Consul yet, by key. */
      readonly pending: () => ReadonlyMap<string, string>;
    },
  ) {}

  get waiting(): number {
    return this.#line.length;
  }

  /**
   * What became of an answer, or of any other message. Only an answer that arrived acknowledges its question: a process
   * waits for it without limit, so until then it keeps the question for the next hax.
   */
  fate(link: LinkId, tag: bigint, fate: "delivered" | "notDelivered"): void {
    const answer = `${link}/${tag}`;
    const question = this.#answers.get(answer);
    if (!this.#answers.delete(answer) || question === undefined) return;
    if (fate === "delivered") this.parts.link.delivered(link, question);
  }

  receive(link: LinkId, tag: bigint, asked: Nvec): void {
    if (this.#line.length >= GETS_MAX) {
      this.parts.tell({ kind: "overflow", queue: "gets", limit: GETS_MAX });
      this.parts.link.disconnect(link, `${GETS_MAX} questions wait already`);
      return;
    }
    this.#line.push({ link, tag, asked, came: this.parts.clock.monotonic() });
    if (!this.#working) void this.#work();
  }

  /** In strict order: resolves when the question is answered, or everything ends. */
  async one(link: LinkId, tag: bigint, asked: Nvec): Promise<void> {
    await this.#answer([{ link, tag, asked, came: this.parts.clock.monotonic() }]);
  }

  async #work(): Promise<void> {
    this.#working = true;
    await Promise.resolve();
    while (this.#line.length > 0 && !this.parts.caller.signal.aborted) await this.#answer(this.#line.splice(0, 64));
    this.#working = false;
  }

  async #answer(batch: readonly Question[]): Promise<void> {
    const { clock, reader, caller, link, tell, viewMax } = this.parts;
    const notes = batch.flatMap(({ asked }) => asked.notes);
    for (let attempt = 0; ; attempt++) {
      const read = await reader.view(notes);
      const view = read.ok ? read.value : reader.lastView(notes, viewMax);
      if (view === undefined) {
        if (await caller.pause(attempt)) continue;
        return;
      }
      const known = this.#withPending(view);
      for (const { link: id, tag, asked, came } of batch) {
        const sent = link.send(id, setVector(answerNotes(asked.notes, known), asked.idOfGet));
        if (sent.ok) this.#answers.set(`${id}/${sent.value}`, tag);
        else tell({ kind: "refusedByLink", error: sent.error });
        const took = millis(clock.monotonic() - came);
        tell({ kind: "answered", notes: asked.notes.length, took, stale: !read.ok });
      }
      return;
    }
  }

  /** What a process told counts, whether Consul has it yet or not. */
  #withPending(view: HealthView): HealthView {
    const pending = this.parts.pending();
    if (pending.size === 0) return view;
    const events = new Map(view.events);
    for (const [key, value] of pending)
      if (key.startsWith("processes/")) events.set(key.slice("processes/".length), stateIn(value) ?? "");
    return { ...view, events };
  }
}
