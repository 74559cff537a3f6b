import type { HostedProcess } from "@tandem/daemon";

/** Newest log lines that are shown of a process that did not start. */
const LINES_SHOWN = 8;

/** A process of the cluster did not become ready, or ended by itself: which, why, what it said last, where its log is. */
export class ProcessFailure extends Error {
  override readonly name = "ProcessFailure";

  constructor(process: Pick<HostedProcess, "name" | "lines">, why: string, log: string) {
    const lines = process.lines.slice(-LINES_SHOWN).map((line) => `\n    ${line}`);
    const said = lines.length === 0 ? "it printed nothing" : `its last lines:${lines.join("")}\n `;
    super(`${process.name} ${why}; ${said} log: ${log}`);
  }
}
