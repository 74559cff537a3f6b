import type { Millis } from "@tandem/base";
import type { ScenarioStep } from "@tandem/base/testing";
import { INVARIANTS } from "../check/index.js";
import type { Cluster } from "../cluster/cluster.js";
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
  readonly #violations: string[] = [];
  #checks = 0;
  #sent = 0;
  readonly #losses: LossWindow[] = [];
  readonly #stage: StoryStage;
  readonly #unwatch: () => void;

  constructor(cluster: Cluster, story: string) {
    this.cluster = cluster;
    this.story = story;
    this.#stage = new StoryStage(cluster, {
      check: (when) => this.check(when),
      violated: (violations) => this.#keep(violations),
      traffic: (sent, losses) => {
        this.#sent += sent;
        this.#losses.push(...losses);
      },
    });
    this.#unwatch = cluster.observer.onChange(() => this.#keep(this.check("always")));
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

  /** Violations now: of every invariant when all is quiet, else of those that always hold. */
  check(when: "always" | "quiet"): readonly string[] {
    const found: string[] = [];
    for (const invariant of INVARIANTS) {
      if (when === "always" && invariant.when !== "always") continue;
      this.#checks += 1;
      for (const violation of invariant.violations(this.cluster)) found.push(`${invariant.id}: ${violation}`);
    }
    return found;
  }

  async receipt(): Promise<Receipt> {
    const { host, topology, logs, observer } = this.cluster;
    this.#unwatch();
    const memory = new Map<string, number>();
    for (const daemon of host.daemons) {
      const bytes = await host.memory(daemon);
      if (bytes > 0) memory.set(daemon.name, bytes);
    }
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
      invariants: { checked: this.#checks, violations: this.#violations },
      memory,
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

  #keep(violations: readonly string[]): void {
    for (const violation of violations) if (!this.#violations.includes(violation)) this.#violations.push(violation);
  }
}
