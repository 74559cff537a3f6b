import { countOf, type Millis } from "@tandem/base";
import type { Check, Fact, StepResult } from "./step.js";

/** What is left of a demo when it ends. */
export interface DemoReceipt {
  /** Which Consul it was. */
  readonly consul: string;
  readonly steps: readonly StepResult[];
  readonly took: Millis;
}

/** Whether every promise was kept. */
export function isGood({ steps }: DemoReceipt): boolean {
  return steps.every(({ checks }) => checks.every(({ kept }) => kept));
}

export function duration(took: number): string {
  return (took < 1000 ? `${took.toFixed(0)} ms` : `${(took / 1000).toFixed(2)} s`).padStart(8);
}

/** The receipt as people read it. */
export function formatReceipt(receipt: DemoReceipt, strong: (text: string) => string): string {
  const { consul, steps, took } = receipt;
  const lines = [`receipt of tandem hax demo: 3 nodes, 3 hax, 9 Motr processes, ${consul}`, "", "steps"];
  for (const [i, step] of steps.entries()) lines.push(`  ${duration(step.took)}  ${i + 1}. ${step.title}`);
  lines.push(`  ${duration(took)}  in all`);
  for (const [i, { title, facts, checks }] of steps.entries()) {
    lines.push("", strong(`${i + 1}. ${title}`));
    for (const fact of facts) lines.push(`  ${number(fact)}  ${fact.text}`);
    for (const check of checks) if (!check.always || !check.kept) lines.push(checkLine(check));
  }
  // What was broken stands with its step; of the rest the last count is the highest.
  const last = steps.findLast(({ checks }) => checks.some(({ always }) => always));
  lines.push("", strong("After every step"));
  for (const check of last?.checks ?? []) if (check.always && check.kept) lines.push(checkLine(check));
  const all = steps.flatMap(({ checks }) => checks);
  const kept = all.filter((check) => check.kept).length;
  lines.push("", `${countOf(all.length, "promise")}: ${kept} kept, ${all.length - kept} broken`);
  return lines.join("\n");
}

function number({ number: value, unit }: Fact): string {
  if (Number.isNaN(value)) return "   never";
  return unit === "ms" ? duration(value) : String(value).padStart(8);
}

function checkLine({ kept, text, instead }: Check): string {
  const more = kept || instead === undefined || instead === "" ? "" : `: ${instead}`;
  return `  ${kept ? "     yes" : "      NO"}  ${text}${more}`;
}

/** The receipt as one JSON object. */
export function receiptJson(receipt: DemoReceipt): string {
  return JSON.stringify({
    schema: "tandem.hax-demo.v1",
    ...{ good: isGood(receipt), consul: receipt.consul, took_ms: Math.round(receipt.took) },
    steps: receipt.steps.map(({ name, title, took, facts, checks }) => ({
      ...{ name, title, took_ms: Math.round(took) },
      // A time that never came is null.
      facts: Object.fromEntries(
        facts.map((fact) => [`${fact.name}${fact.unit === "ms" ? "_ms" : ""}`, whole(fact.number)]),
      ),
      checks: checks.map(({ kept, text, instead }) => ({
        kept,
        promise: text,
        ...(!kept && { instead: instead ?? "" }),
      })),
    })),
  });
}

const whole = (value: number): number | null => (Number.isNaN(value) ? null : Math.round(value));
