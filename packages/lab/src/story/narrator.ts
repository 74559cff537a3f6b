import { type Millis, millis } from "@tandem/base";
import type { ScenarioStep } from "@tandem/base/testing";
import { INVARIANTS } from "../check/index.js";
import type { Cluster } from "../cluster/cluster.js";
import type { Receipt, Stage } from "./receipt.js";
import { storyCommands } from "./story-commands.js";
import { StoryError } from "./story-error.js";

/** Runs the commands of one story on a cluster, checks what must always hold, and keeps its receipt. */
export class Narrator {
  readonly cluster: Cluster;
  readonly story: string;
  readonly #stages: Stage[] = [];
  readonly #violations: string[] = [];
  #checks = 0;
  #sent = 0;
  #lost = 0;
  readonly #commands: ReturnType<typeof storyCommands>;
  readonly #unwatch: () => void;

  constructor(cluster: Cluster, story: string) {
    this.cluster = cluster;
    this.story = story;
    this.#commands = storyCommands(cluster, {
      check: (when) => this.check(when),
      traffic: (sent, lost) => {
        this.#sent += sent;
        this.#lost += lost;
      },
    });
    this.#unwatch = cluster.observer.onChange(() => this.check("always"));
  }

  /** One command of the story → what it prints. Throws `StoryError` when it is none, or cannot be done. */
  run = async (step: ScenarioStep): Promise<string> => {
    const [name = "", ...words] = step.words;
    const command = this.#commands.get(name);
    if (command === undefined) {
      throw new StoryError(
        `line ${step.line}: "${name}" is no command; there are ${[...this.#commands.keys()].join(", ")}`,
      );
    }
    const from = this.cluster.host.clock.monotonic();
    const lines = await command({ ...step, words });
    const took = millis(this.cluster.host.clock.monotonic() - from) as Millis;
    this.#stages.push({ title: step.command, took });
    return lines.join("\n");
  };

  /** Violations of the invariants of that kind now; each is also kept for the receipt. */
  check(when: "always" | "quiet"): readonly string[] {
    const found: string[] = [];
    for (const invariant of INVARIANTS) {
      if (when === "always" && invariant.when !== "always") continue;
      this.#checks += 1;
      for (const violation of invariant.violations(this.cluster)) found.push(`${invariant.id}: ${violation}`);
    }
    if (when === "always") this.#keep(found);
    return found;
  }

  async receipt(): Promise<Receipt> {
    const { host, topology, logs, observer } = this.cluster;
    this.#unwatch();
    const memory = new Map<string, number>();
    for (const dpu of topology.dpus) {
      for (const kind of ["swbusd", "hamgrd"] as const) {
        const bytes = await host.memory({ kind, dpu });
        if (bytes > 0) memory.set(`${dpu.name}.${kind}`, bytes);
      }
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
      packets: { sent: this.#sent, lost: this.#lost },
      invariants: { checked: this.#checks, violations: this.#violations },
      memory,
    };
  }

  #keep(violations: readonly string[]): void {
    for (const violation of violations) if (!this.#violations.includes(violation)) this.#violations.push(violation);
  }
}
