import { FLIGHT_SCHEMA } from "@tandem/actor";
import { err, ok, type Result } from "@tandem/base";
import { describeReplay, replayFlight } from "@tandem/hamgrd";
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

/** What came of the replay of other records than the simulator's own. */
export interface RecordsOutcome {
  /** For people. */
  readonly lines: readonly string[];
  /** One object, with its schema. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Whether all came out as recorded. */
  readonly clean: boolean;
}

/** Who replays files of one schema. Fails with one line for a file that is not whole. */
export type ReplayRecords = (text: string) => Result<RecordsOutcome, string>;

/** Other records that `--replay` takes, by the schema in their first line. */
export const OTHER_RECORDS: ReadonlyMap<string, ReplayRecords> = new Map([[FLIGHT_SCHEMA, replayFlightFile]]);

function replayFlightFile(text: string): Result<RecordsOutcome, string> {
  const report = replayFlight(text.trimEnd().split("\n"));
  if (!report.ok) return report;
  const { first } = report.value;
  const json = { schema: "tandem.flight-replay.v1", ...report.value, first: first ?? null };
  return ok({ lines: describeReplay(report.value), json, clean: first === undefined });
}

/** The schema that a file's first line names: bare in a plan, the member `schema` in a file of JSON lines. */
export function schemaOf(text: string): Result<string, string> {
  const first = text.split("\n", 1)[0]?.trim() ?? "";
  if (first === PLAN_SCHEMA) return ok(PLAN_SCHEMA);
  const named = /"schema"\s*:\s*"([\w.-]+)"/.exec(first)?.[1];
  return named === undefined ? err(`line 1: expected ${PLAN_SCHEMA}, or a record with its schema`) : ok(named);
}
