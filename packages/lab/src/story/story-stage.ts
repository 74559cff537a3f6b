import { type Millis, millis, seconds, type Timer } from "@tandem/base";
import type { ScenarioStep } from "@tandem/base/testing";
import type { Cluster } from "../cluster/cluster.js";
import type { DpuEntry } from "../cluster/dpu-log.js";
import type { DpuPlace } from "../topology.js";
import type { LossWindow } from "../traffic.js";
import { mask } from "./mask.js";

/** What commands tell their narrator. */
export interface StoryBook {
  /** What does not hold now, if nothing is under way. */
  atRest(): readonly string[];
  /** Violations that the receipt must show. */
  violated(violations: readonly string[]): void;
  traffic(sent: number, losses: readonly LossWindow[]): void;
  /** Pairs were launched: each side serves, and is seen by every switch. */
  launched(): void;
}

/** How long a story waits for what must come, in virtual or real time; in a large cluster longer: see `StoryStage.limit`. */
export const STORY_LIMIT: Millis = seconds(60);
/** Rows and processes of many DPUs take many writes and starts on one machine. */
const STORY_LIMIT_PER_DPU: Millis = seconds(5);
/** How long an answer may take to become the expected one, before it is shown as it is. */
export const SHOW_LIMIT: Millis = seconds(30);
/** How long an answer that nothing is expected of is waited for. */
const SETTLE: Millis = seconds(3);
/** How often it is looked at what has no event of its own. */
const LOOK_EVERY = millis(100);

/** What commands act on: the cluster, and where the story is in each DPU's log. */
export class StoryStage {
  readonly cluster: Cluster;
  readonly book: StoryBook;
  readonly #marks = new Map<string, number>();

  constructor(cluster: Cluster, book: StoryBook) {
    this.cluster = cluster;
    this.book = book;
  }

  /** How long one step may take. */
  get limit(): Millis {
    return millis(Math.max(STORY_LIMIT, STORY_LIMIT_PER_DPU * this.cluster.topology.dpus.length));
  }

  /** `work`, which prints nothing. Throws, naming `what`, when it takes too long. */
  async done(what: string, work: Promise<unknown>): Promise<readonly string[]> {
    await this.cluster.host.run(what, work, this.limit);
    return [];
  }

  /** Where in its log the last look at a DPU ended. */
  mark(dpu: DpuPlace): number {
    return this.#marks.get(dpu.name) ?? 0;
  }

  /** The entries of a DPU's log since the last look, up to `upTo`. */
  since(dpu: DpuPlace, upTo?: number): readonly DpuEntry[] {
    const entries = this.cluster.logs.get(dpu.name)?.entries ?? [];
    const to = upTo ?? entries.length;
    const news = entries.slice(this.mark(dpu), to);
    this.#marks.set(dpu.name, to);
    return news;
  }

  /** Lines that databases show, as soon as they are the expected ones; what differs from run to run is masked. */
  async eventually(step: ScenarioStep, show: () => readonly string[]): Promise<readonly string[]> {
    const expected = step.expected.trimEnd();
    const masked = (): string => mask(this.cluster.topology, show().join("\n"));
    if (process.env["UPDATE"] === "1" || expected === "") await this.#settle();
    else {
      using _looking = this.#lookOften();
      await this.cluster.reaches(() => masked() === expected, SHOW_LIMIT);
    }
    return masked() === "" ? [] : masked().split("\n");
  }

  /** For a condition that has no event of its own. */
  async ticking(what: string, condition: () => boolean): Promise<void> {
    const { host } = this.cluster;
    const holds = new Promise<void>((resolve) => {
      const look = (): void => {
        if (condition()) resolve();
        else host.clock.setTimer(LOOK_EVERY, look);
      };
      look();
    });
    await host.run(what, holds, this.limit);
  }

  /** Conditions are looked at every while, also where nothing tells of a change; until it is disposed of. */
  #lookOften(): Disposable {
    const { host, observer } = this.cluster;
    let timer: Timer;
    const look = (): void => {
      timer = host.clock.setTimer(LOOK_EVERY, look);
      observer.notify();
    };
    timer = host.clock.setTimer(LOOK_EVERY, look);
    return { [Symbol.dispose]: () => timer.cancel() };
  }

  /** Long enough for every write that follows from what has happened, where no answer is expected yet. */
  async #settle(): Promise<void> {
    const { host } = this.cluster;
    const passed = new Promise<void>((resolve) => void host.clock.setTimer(SETTLE, resolve));
    await host.run("settle", passed, STORY_LIMIT);
  }
}
