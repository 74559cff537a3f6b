import { type ChildProcess, fork } from "node:child_process";
import { err, ok, type Result, seconds, systemClock, within } from "@tandem/base";
import type { HuntReport, HuntTask } from "./hunt-messages.js";
import type { PatchedBuild } from "./patched-build.js";

/** Real time that one run may take on a busy machine. */
const RUN_LIMIT = seconds(300);
/** Characters kept of what a process says before it dies. */
const WORDS_MAX = 4096;
const WORKER = "packages/lab/dist/mutation/hunt-worker.js";

/** A process that runs what it is asked to, in that build. */
export function startProcess(build: PatchedBuild): ChildProcess {
  return fork(build.path(WORKER), [], { execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
}

/** The answer of a process. One that dies shows nothing: its build cannot run at all. */
export async function ask(child: ChildProcess, task: HuntTask): Promise<Result<HuntReport, string>> {
  const answer = await within(systemClock, RUN_LIMIT, answered(child, task));
  return answer ?? err(`no answer within ${RUN_LIMIT / 1000} s`);
}

function answered(child: ChildProcess, task: HuntTask): Promise<Result<HuntReport, string>> {
  return new Promise((resolve) => {
    let words = "";
    const onWords = (chunk: Buffer): void => {
      words = (words + String(chunk)).slice(-WORDS_MAX);
    };
    const onMessage = (message: unknown): void => done(ok(message as HuntReport));
    const onExit = (code: number | null, end: string | null): void =>
      done(err(`its process ended with ${end ?? code}: ${lastLine(words)}`));
    const done = (report: Result<HuntReport, string>): void => {
      child.stderr?.off("data", onWords);
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(report);
    };
    child.stderr?.on("data", onWords);
    child.on("message", onMessage);
    child.on("exit", onExit);
    child.send(task);
  });
}

/** The line of a crash that says most. */
function lastLine(words: string): string {
  const lines = words.split("\n").filter((line) => line.trim() !== "");
  return lines.find((line) => /Error/.test(line)) ?? lines.at(-1) ?? "it said nothing";
}
