import type { LogOutput } from "../log-output.js";

/** Log lines kept for a test to look at, without their time stamps. */
export interface MemoryLog extends LogOutput {
  /** `warn: message key=value`, oldest first. */
  readonly lines: readonly string[];
}

export function memoryLog(program = "test"): MemoryLog {
  const lines: string[] = [];
  return {
    style: "plain",
    origin: { program, pid: 1 },
    lines,
    write: (line) => {
      lines.push(line.trimEnd().slice(line.indexOf("]") + 2));
    },
    flush: () => Promise.resolve(),
  };
}
