import type { Millis } from "@tandem/base";
import type { DemoCluster } from "./cluster.js";

/** Something measured: `number` in `unit`, and what it is the number of. */
export interface Fact {
  readonly name: string;
  readonly number: number;
  readonly unit: "ms" | "count";
  readonly text: string;
}

/** A promise, and whether it was kept here. */
export interface Check {
  readonly kept: boolean;
  readonly text: string;
  /** What was seen instead. */
  readonly instead: string | undefined;
  /** It is looked at after every step, not a matter of this one. */
  readonly always: boolean;
}

export interface StepResult {
  readonly name: string;
  readonly title: string;
  readonly took: Millis;
  readonly facts: readonly Fact[];
  readonly checks: readonly Check[];
}

/** What a step hands in while it runs. */
export interface StepReport {
  /** A line of what is being done. */
  say(text: string): void;
  /** `name` is for programs, `text` for people. An undefined number is one that was waited for in vain. */
  fact(name: string, number: number | undefined, unit: Fact["unit"], text: string): void;
  check(kept: boolean, text: string, instead?: string): void;
  /** A promise that holds whatever happens. */
  always(kept: boolean, text: string, instead?: string): void;
}

export interface StepSettings {
  /** How long nobody leads Consul. */
  readonly outage: Millis;
  /** How long there is load while hax is restarted. */
  readonly load: Millis;
  /** Longest wait for anything; what does not come is a promise that was not kept. */
  readonly patience: Millis;
}

/** One step of the demo. It never rejects but for the end that somebody wants. */
export interface DemoStep {
  readonly name: string;
  readonly title: string;
  run(cluster: DemoCluster, report: StepReport, settings: StepSettings): Promise<void>;
}
