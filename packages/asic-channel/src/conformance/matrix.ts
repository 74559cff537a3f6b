import type { TransportName } from "../transport.js";
import { type ConformanceCase, MATRIX_ROWS, type MatrixRow } from "./case.js";
import type { CaseOutcome } from "./run.js";

/** One cell: what is said there, and the cases that say so. */
export interface MatrixCell {
  readonly row: MatrixRow;
  readonly transport: TransportName;
  /** `yes`, `no`, `in part`, `FAILED`, `not run`, or a figure. */
  readonly says: string;
  /** Empty where it is a fact of the code and no case. */
  readonly cases: readonly string[];
}

/** What is known of a transport without a case. */
export interface CodeFacts {
  /** Of its folder, without tests, comments and blank lines. */
  readonly lines: number;
  readonly unmodifiedPeers: boolean;
}

/** What can look at requests on their way, without a tool of ours. */
const LOOKED_AT_BY: Readonly<Record<TransportName, string>> = {
  "list-pubsub": "redis-cli",
  streams: "redis-cli",
  grpc: "grpcurl",
  "grpc-queue": "grpcurl",
  zmq: "nothing",
  shm: "nothing",
};

/** The comparison matrix of some transports, row by row. */
export function matrixOf(
  outcomes: readonly CaseOutcome[],
  facts: ReadonlyMap<TransportName, CodeFacts>,
  cases: readonly Pick<ConformanceCase, "name" | "rows">[],
): readonly MatrixCell[] {
  return MATRIX_ROWS.flatMap((row) =>
    [...facts].map(([transport, fact]): MatrixCell => {
      const stated = statedOf(row, transport, fact);
      if (stated !== undefined) return { row, transport, says: stated, cases: [] };
      const names = new Set(cases.filter(({ rows }) => rows.includes(row)).map(({ name }) => name));
      const own = outcomes.filter((each) => each.transport === transport && names.has(each.name));
      return { row, transport, says: summaryOf(own), cases: own.map(({ name }) => name) };
    }),
  );
}

function statedOf(row: MatrixRow, transport: TransportName, { lines, unmodifiedPeers }: CodeFacts): string | undefined {
  switch (row) {
    case "debugging":
      return LOOKED_AT_BY[transport];
    case "lines of our code":
      return String(lines);
    case "unmodified peers":
      return unmodifiedPeers ? "yes" : "no";
    default:
      return undefined;
  }
}

function summaryOf(outcomes: readonly CaseOutcome[]): string {
  if (outcomes.length === 0) return "not run";
  if (outcomes.some(({ outcome }) => outcome === "failed")) return "FAILED";
  const figure = outcomes.find((each) => each.figure !== undefined)?.figure;
  if (figure !== undefined) return figure;
  const limits = outcomes.filter(({ outcome }) => outcome === "limit").length;
  if (limits === 0) return "yes";
  return limits === outcomes.length ? "no" : "in part";
}
