import type { HuntResult } from "./hunt.js";
import { filesOf } from "./mutation.js";

/** Columns of text, one space apart from what is longest in them. */
const WIDTHS = { id: 18, file: 44, seed: 6, took: 9 } as const;

/** The line above the table. */
export function tableHead(): string {
  const { id, file, seed, took } = WIDTHS;
  return `${"guard".padEnd(id)} ${"switched off in".padEnd(file)} ${"seed".padStart(seed)} ${"time".padStart(took)}  what was seen`;
}

/** One guard. */
export function tableLine({ mutation, found, runs, took }: HuntResult): string {
  const { id, file, seed, took: time } = WIDTHS;
  const seconds = `${(took / 1000).toFixed(1)} s`;
  const seen = found?.seen ?? `nothing in ${runs} runs`;
  const short = filesOf(mutation)
    .map((path) => path.replace("packages/", ""))
    .join(", ");
  return `${mutation.id.padEnd(id)} ${short.padEnd(file)} ${String(found?.seed ?? "-").padStart(seed)} ${seconds.padStart(time)}  ${seen}`;
}

/** One guard as plain JSON. */
export function resultJson({ mutation, found, runs, took }: HuntResult): Readonly<Record<string, unknown>> {
  const { id, guard } = mutation;
  return {
    schema: "tandem.sim-mutation.v1",
    ...{ id, guard, file: filesOf(mutation).join(", "), runs },
    found: found !== undefined,
    ...(found !== undefined && { seed: found.seed, seen: found.seen }),
    took_ms: Math.round(took),
  };
}
