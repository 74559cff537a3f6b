import { millis, systemClock } from "@tandem/base";
import type { DemoCluster } from "./cluster.js";
import type { Check, DemoStep, Fact, StepResult, StepSettings } from "./step.js";
import { crashStep } from "./steps/crash.js";
import { failoverStep } from "./steps/failover.js";
import { outageStep } from "./steps/outage.js";
import { restartStep } from "./steps/restart.js";

/** What happens between start and stop, in this order. */
export const STEPS: readonly DemoStep[] = [crashStep, failoverStep, outageStep, restartStep];

/** What a demo tells while it runs; `ms` counts from its start. */
export type DemoEvent =
  | { readonly kind: "step"; readonly ms: number; readonly number: number; readonly title: string }
  | { readonly kind: "say"; readonly ms: number; readonly text: string }
  | { readonly kind: "broken"; readonly ms: number; readonly check: Check }
  /** A step is over. */
  | { readonly kind: "done"; readonly ms: number; readonly kept: number; readonly of: number };

/** Runs steps one after the other. Rejects only with the reason of the cluster's signal, or when nothing can start. */
export async function runSteps(
  cluster: DemoCluster,
  steps: readonly DemoStep[],
  settings: StepSettings,
  { from, before, tell }: { readonly from: number; readonly before: number; readonly tell: (event: DemoEvent) => void },
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  const ms = (): number => systemClock.monotonic() - from;
  for (const step of steps) {
    const began = systemClock.monotonic();
    const facts: Fact[] = [];
    const checks: Check[] = [];
    const { name, title } = step;
    const add = (check: Check): void => {
      checks.push(check);
      if (!check.kept) tell({ kind: "broken", ms: ms(), check });
    };
    tell({ kind: "step", ms: ms(), number: before + results.length + 1, title });
    await step.run(
      cluster,
      {
        say: (text) => tell({ kind: "say", ms: ms(), text }),
        fact(what, number, unit, text) {
          facts.push({ name: what, number: number ?? Number.NaN, unit, text });
        },
        check: (kept, text, instead) => add({ kept, text, instead, always: false }),
        always: (kept, text, instead) => add({ kept, text, instead, always: true }),
      },
      settings,
    );
    tell({ kind: "done", ms: ms(), kept: checks.filter(({ kept }) => kept).length, of: checks.length });
    results.push({ name, title, took: millis(systemClock.monotonic() - began), facts, checks });
  }
  return results;
}
