import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** How a command ended, and what it printed. */
export interface CliRun {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Path of a built program of the CLI. */
export function cliPath(program: "main" | "swbus-cli"): string {
  return fileURLToPath(new URL(`../../dist/${program}.js`, import.meta.url));
}

/** Whether the CLI was compiled; terminal tests run what was built. */
export const cliIsBuilt = existsSync(cliPath("main"));

/** Runs the built `tandem` (or `swbus-cli`) with these words, its stdin closed. */
export function runCli(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program: "main" | "swbus-cli" = "main",
): Promise<CliRun> {
  const child = spawn(process.execPath, [cliPath(program), ...words], {
    env: { PATH: process.env["PATH"] ?? "", TZ: "UTC", NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}
