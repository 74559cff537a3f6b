import { readdir } from "node:fs/promises";
import { type Millis, millis, minutes, type Timer } from "@tandem/base";
import { Cluster, Narrator, ProcessCluster, parseStory } from "@tandem/lab";
import { CHURN } from "./churn.js";
import type { Sample } from "./samples.js";

export interface SoakOptions {
  readonly minutes: number;
  /** Command line that runs `tandem`. */
  readonly tandem: readonly [command: string, ...args: string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Hears of each round that is over, and of what failed. */
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What a soak saw. */
export interface SoakResult {
  readonly rounds: number;
  /** By process, in order of time. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
  /** Rows written by all processes. */
  readonly rows: number;
  /** Answers that were not as expected, violated invariants, processes that ended. */
  readonly failures: readonly string[];
}

/** Between two looks; longer ones in a long soak, so that there are at most so many. */
const SAMPLES_MAX = 400;
const SAMPLE_EVERY_MIN = millis(2000);
/** Failures that are kept; a soak that fails goes on failing. */
const FAILURES_MAX = 20;

/** A real pair of switches, changed over and over for so long; ends with the round that is under way. */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { tandem, env, tell, signal } = options;
  const failures: string[] = [];
  const fail = (text: string): void => {
    if (failures.length < FAILURES_MAX) failures.push(text);
    tell(text);
  };
  const host = await ProcessCluster.create({
    switches: 2,
    dpusPerSwitch: 1,
    isolation: "process",
    tandem,
    redisServer: env["TANDEM_REDIS_SERVER"] ?? "redis-server",
    path: env["PATH"] ?? "",
    signal,
    onFailure: ({ message }) => fail(message),
  });
  await using cluster = await Cluster.start(host);
  const story = parseStory("churn", "churn", CHURN);
  await tellOnce(cluster, { ...story, steps: parseStory("launch", "launch", "launch\n").steps });
  const length = minutes(options.minutes);
  const sampler = new Sampler(host, millis(Math.max(SAMPLE_EVERY_MIN, length / SAMPLES_MAX)));
  const from = host.clock.monotonic();
  let rounds = 0;
  while (host.clock.monotonic() - from < length) {
    signal.throwIfAborted();
    for (const text of await tellOnce(cluster, story)) fail(`round ${rounds + 1}: ${text}`);
    rounds += 1;
    if (failures.length >= FAILURES_MAX) break;
    tell(`round ${rounds} over after ${((host.clock.monotonic() - from) / 60_000).toFixed(1)} min`);
  }
  await sampler.end();
  const rows = [...cluster.observer.written.values()].reduce((sum, count) => sum + count, 0);
  return { rounds, samples: sampler.samples, rows, failures };
}

/** Walks the story once; what went wrong. */
async function tellOnce(cluster: Cluster, story: ReturnType<typeof parseStory>): Promise<readonly string[]> {
  const narrator = new Narrator(cluster, story.name);
  const wrong: string[] = [];
  try {
    for (const step of story.steps) {
      const printed = await narrator.run(step);
      const expected = step.expected.trimEnd();
      if (expected !== "" && printed !== expected) wrong.push(`${step.command}: ${printed}`);
    }
  } catch (error) {
    wrong.push((error as Error).message);
  }
  const { invariants } = await narrator.receipt();
  return [...wrong, ...invariants.violations.map(String)];
}

/** Looks at every daemon in turn. */
class Sampler {
  readonly samples = new Map<string, Sample[]>();
  readonly #host: ProcessCluster;
  readonly #every: Millis;
  readonly #from: Millis;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(host: ProcessCluster, every: Millis) {
    this.#host = host;
    this.#every = every;
    this.#from = host.clock.monotonic();
    this.#tick();
  }

  async end(): Promise<void> {
    this.#timer?.cancel();
    await this.#looking;
    await this.#look();
  }

  #tick(): void {
    this.#looking = this.#look();
    this.#timer = this.#host.clock.setTimer(this.#every, () => this.#tick());
  }

  async #look(): Promise<void> {
    const at = (this.#host.clock.monotonic() - this.#from) / 60_000;
    const daemons = this.#host.daemons.map(({ name }) => name);
    for (const process of this.#host.processes.filter(({ name }) => daemons.includes(name))) {
      const sample = {
        at,
        memory: (await process.memory()) / 1e6,
        openFiles: await openFiles(process.pid),
      };
      this.samples.set(process.name, [...(this.samples.get(process.name) ?? []), sample]);
    }
  }
}

async function openFiles(pid: number): Promise<number> {
  try {
    return (await readdir(`/proc/${pid}/fd`)).length;
  } catch {
    return 0; // it has just ended, which is told
  }
}
