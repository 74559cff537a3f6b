import { err, ok, type Result } from "@tandem/base";
import { type FaultPlan, formatPlan, PLAN_SCHEMA, parsePlan } from "./fault-plan.js";
import type { SeedOutcome } from "./run-seed.js";

/** What a replay file asks for. */
export interface Replay {
  readonly plan: FaultPlan;
  /** Digest of the run that the file was written from; absent in a plan by hand. */
  readonly digest: string | undefined;
}

const DIGEST = /^# digest ([0-9a-f]{64})$/m;

/** A plan with what came of it as comments: whoever opens the file reads the story, whoever replays it gets it again. */
export function formatReplay(outcome: SeedOutcome): string {
  const comment = (line: string): string => `# ${line}`;
  return [
    formatPlan(outcome.plan).trimEnd(),
    "",
    comment(`digest ${outcome.digest}`),
    ...outcome.story.map(comment),
    ...outcome.violations.map(({ id, text, at }) =>
      comment(`${(at / 1000).toFixed(3)} s  ${id}: ${text.split("\n")[0]}`),
    ),
    "",
  ].join("\n");
}

export function parseReplay(text: string): Result<Replay, string> {
  const plan = parsePlan(text);
  return plan.ok ? ok({ plan: plan.value, digest: DIGEST.exec(text)?.[1] }) : plan;
}

/** Who replays files of one schema: other records than the simulator's own. */
export type ReplayRecords = (path: string, text: string) => Promise<Result<readonly string[], string>>;

/** Other records that `--replay` takes, by the schema in their first line. */
export const OTHER_RECORDS: ReadonlyMap<string, ReplayRecords> = new Map();

/** The schema that a file's first line names: bare in a plan, the member `schema` in a file of JSON lines. */
export function schemaOf(text: string): Result<string, string> {
  const first = text.split("\n", 1)[0]?.trim() ?? "";
  if (first === PLAN_SCHEMA) return ok(PLAN_SCHEMA);
  const named = /"schema"\s*:\s*"([\w.-]+)"/.exec(first)?.[1];
  return named === undefined ? err(`line 1: expected ${PLAN_SCHEMA}, or a record with its schema`) : ok(named);
}
