import type { StandingReport } from "@tandem/actor";
import { err, type Json, ok, type Result } from "@tandem/base";
import type { AnyTable } from "@tandem/swss";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSet } from "../schema/dash-ha-set.js";

/** Tables of a DPU that nobody but the hamgrd of its slot writes. */
export const DPU_TABLES_OF_ONE: readonly AnyTable[] = [DpuBfdSession, DashHaSet, DashHaScope];

/** Tables that nobody but the hamgrds of the switch writes: a row in which none of them has a part is nobody's. */
export const TABLES_OF_HAMGRD: readonly AnyTable[] = [...DPU_TABLES_OF_ONE, DashHaScopeState];

/** What became of a repair. Rows are `<DB>|<TABLE>|<key>`. */
export interface RepairAnswer {
  /** Rows that went out again. */
  readonly rewritten: readonly string[];
  readonly discarded: readonly string[];
  /** Rows with which nothing was done, a line each. */
  readonly refused: readonly string[];
  /** Whether everything that went out has been acknowledged. */
  readonly settled: boolean;
}

/** Rows of each kind that one repair may name. */
export const REPAIRS_MAX = 1000;

/** Fails for what is no report. */
export function readStanding(answer: Json): Result<StandingReport, string> {
  const report = answer as { readonly rows?: unknown; readonly kept?: unknown } | null;
  return Array.isArray(report?.rows) && Array.isArray(report.kept)
    ? ok(report as unknown as StandingReport)
    : err("the answer is no list of rows");
}

/** Fails for what is no answer to a repair. */
export function readRepair(answer: Json): Result<RepairAnswer, string> {
  const repair = answer as Partial<RepairAnswer> | null;
  const lists = [repair?.rewritten, repair?.discarded, repair?.refused];
  return lists.every(Array.isArray) ? ok(repair as RepairAnswer) : err("the answer does not say what was repaired");
}

/** A list of rows, as a question carries it. */
export function readRows(text: string | undefined): Result<readonly string[], string> {
  if (text === undefined) return ok([]);
  try {
    const rows: unknown = JSON.parse(text);
    if (Array.isArray(rows) && rows.length <= REPAIRS_MAX && rows.every((row) => typeof row === "string")) {
      return ok(rows as readonly string[]);
    }
  } catch {
    // Told below.
  }
  return err(`expected a JSON list of at most ${REPAIRS_MAX} row names`);
}
