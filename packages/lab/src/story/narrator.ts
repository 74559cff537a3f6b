import { type Millis, millis } from "@tandem/base";
import type { ScenarioStep } from "@tandem/base/testing";
import type { Cluster } from "../cluster/cluster.js";
import { InvariantWatch } from "../cluster/invariant-watch.js";
import type { LossWindow } from "../traffic.js";
import { stageTitle } from "./load-story.js";
import type { Receipt, Stage } from "./receipt.js";
import { readCommand } from "./story-commands.js";
import { StoryError } from "./story-error.js";
import { StoryStage } from "./story-stage.js";

/** Runs the commands of one story on a cluster, checks what must always hold, and keeps its receipt. */
export class Narrator {
  readonly cluster: Cluster;
  readonly story: string;
  readonly #stages: Stage[] = [];
  /** When it began: every process is ready then. */
  readonly #from: Millis;
  #steadyAfter: Millis | undefined;
  #sent = 0;
  readonly #losses: LossWindow[] = [];
  readonly #stage: StoryStage;
  readonly #watch: InvariantWatch;

  constructor(cluster: Cluster, story: string) {
    this.cluster = cluster;
    this.story = story;
    this.#from = cluster.now();
    this.#stage = new StoryStage(cluster, {
      atRest: () => this.#watch.atRest(),
      violated: (violations) => this.#watch.keep(violations),
      traffic: (sent, losses) => {
        this.#sent += sent;
        this.#losses.push(...losses);
      },
      launched: () => {
        this.#steadyAfter ??= millis(cluster.now() - this.#from);
      },
    });
    this.#watch = new InvariantWatch(cluster);
  }

  /** One command of the story → what it prints. Throws `StoryError` when it is none, or cannot be done. */
  run = async (step: ScenarioStep): Promise<string> => {
    const act = this.#read(step);
    const title = stageTitle(step, this.#stages.length === 0);
    if (title !== undefined || this.#stages.length === 0)
      this.#stages.push({ title: title ?? step.command, steps: [] });
    const from = this.cluster.host.clock.monotonic();
    const lines = await act(this.#stage, step);
    const took = (this.cluster.host.clock.monotonic() - from) as Millis;
    this.#stages.at(-1)?.steps.push({ command: step.command, took });
    return lines.join("\n");
  };

  async receipt(): Promise<Receipt> {
    const { host, topology, logs, observer } = this.cluster;
    this.#watch[Symbol.dispose]();
    const processes = await host.usage();
    const messages = await host.messages();
    return {
      story: this.story,
      host: host.kind,
      switches: topology.switches.length,
      dpus: topology.dpus.length,
      stages: this.#stages,
      rowsWritten: observer.written,
      transitions: new Map(
        [...logs].map(([name, log]) => [
          name,
          log.entries.flatMap((entry) =>
            entry.kind === "state" ? [entry.to] : entry.kind === "power" ? [entry.on ? "on" : "off"] : [],
          ),
        ]),
      ),
      packets: { sent: this.#sent, losses: this.#losses },
      invariants: { checked: this.#watch.checks, violations: this.#watch.violations },
      steadyAfter: this.#steadyAfter,
      processes,
      messages,
    };
  }

  #read(step: ScenarioStep): ReturnType<typeof readCommand> {
    try {
      return readCommand(this.cluster.topology, step);
    } catch (error) {
      if (error instanceof StoryError && step.line > 0) throw new StoryError(`line ${step.line}: ${error.message}`);
      throw error;
    }
  }
}
