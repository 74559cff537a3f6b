import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { afterAll, expect, test } from "vitest";
import { recordObserved } from "./record-observer.js";
import { Recorder } from "./recorder.js";
import { replyTo, SUCCESS } from "./reply.js";
import { create, get } from "./testing/requests.js";
import type { Observed } from "./transport.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-observed-"));
afterAll(() => rmSync(folder, { recursive: true }));

const recorded = async (mode: "async" | "sync", ...events: readonly Observed[]): Promise<readonly string[]> => {
  const path = join(mkdtempSync(join(folder, "case-")), "a.rec");
  const recorder = unwrap(await Recorder.open({ clock: new VirtualClock(), path }));
  const observer = {
    async *events() {
      yield* events;
    },
    async [Symbol.asyncDispose]() {},
  };
  await recordObserved(observer, recorder, mode, new AbortController().signal);
  await recorder[Symbol.asyncDispose]();
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.slice(27, 28 + 30));
};

const asked = (id: string, request: ReturnType<typeof create>): Observed => ({ kind: "request", id, request, at: 0 });
const replied = (id: string, op: "get" | "create", status = SUCCESS): Observed => ({
  kind: "reply",
  id,
  reply: replyTo(op, status),
  at: 0,
});

test("replies stand behind their requests, and a request that nobody waits for holds up nothing", async () => {
  const letters = async (mode: "async" | "sync", ...events: readonly Observed[]) =>
    (await recorded(mode, ...events)).map((line) => line[0]).join("");
  expect(await letters("async", asked("1", get(1)), asked("2", create(2)), replied("1", "get"))).toBe("gGc");
  expect(
    await letters("sync", asked("1", create(1)), asked("2", create(2)), replied("2", "create", "SAI_STATUS_FAILURE")),
  ).toBe("ccE");
  expect(await letters("sync", replied("0", "get"), asked("1", create(1)))).toBe("c");
});

test("what was not observed is a gap, and a request before it has no reply", async () => {
  const lines = await recorded("sync", asked("1", get(1)), { kind: "gap", count: 5 }, asked("9", create(2)));
  expect(lines).toEqual([
    expect.stringMatching(/^g\|/),
    "G|SAI_STATUS_FAILURE|",
    expect.stringMatching(/^#\|get /),
    "#|gap: 5 lines are missing here",
    expect.stringMatching(/^c\|/),
  ]);
});
