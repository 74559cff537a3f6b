import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { err, ok } from "@tandem/base";
import { type CommandRun, failed } from "../io.js";

/** `tandem test`: the repository's own runner, which needs nothing built. */
export const runTest: CommandRun = async ({ args }, io) => {
  const runner = fileURLToPath(new URL("../../../../scripts/test.mjs", import.meta.url));
  if (!existsSync(runner))
    return err(failed("tests run in a clone of the repository only; clone it, then ./tandem test"));
  const { signal } = io;
  const child = spawn(process.execPath, [runner, ...args], { stdio: "inherit" });
  signal.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  const exitCode = await new Promise<number>((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
};
