import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { afterAll, beforeEach, expect, test } from "vitest";
import { openRecorder } from "./recorder.js";

const root = mkdtempSync(join(tmpdir(), "tandem-rec-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
});

test("lines have a time, a kind and one line of text, and are appended", async () => {
  const path = join(folder, "new", "hamgrd-dpu0.rec");
  const clock = new VirtualClock();
  for (const text of ["first", "two\nlines"]) {
    await using recorder = unwrap(await openRecorder({ clock, path }));
    recorder.record("received", text);
  }
  expect(readFileSync(path, "utf8")).toBe(
    "2026-01-01T00:00:00.000Z|received|first\n2026-01-01T00:00:00.000Z|received|two\\nlines\n",
  );
});

test("files rotate at their size, and only so many are kept", async () => {
  const path = join(folder, "a.rec");
  await using recorder = unwrap(await openRecorder({ clock: new VirtualClock(), path, bytesMax: 100, keep: 2 }));
  for (let i = 0; i < 10; i++) {
    recorder.record("sent", `line ${i}`);
    await recorder.flush();
  }
  expect(readdirSync(folder).sort()).toEqual(["a.rec", "a.rec.1", "a.rec.2"]);
  const lines = ["a.rec.2", "a.rec.1", "a.rec"].map((name) => readFileSync(join(folder, name), "utf8"));
  expect(lines.join("").match(/line \d/g)).toEqual(["line 4", "line 5", "line 6", "line 7", "line 8", "line 9"]);
});

test("a burst beyond the buffer costs lines, and the file says how many", async () => {
  const path = join(folder, "a.rec");
  await using recorder = unwrap(await openRecorder({ clock: new VirtualClock(), path, bufferChars: 100 }));
  for (let i = 0; i < 10; i++) recorder.record("sent", `line ${i}`);
  await recorder.flush();
  expect(readFileSync(path, "utf8")).toContain("|lost|8 lines\n");
});

test("a folder that cannot be made is a result", async () => {
  writeFileSync(join(folder, "file"), "");
  const path = join(folder, "file", "a.rec");
  const opened = await openRecorder({ clock: new VirtualClock(), path });
  expect(!opened.ok && opened.error).toMatchObject({ kind: "notWritable", path });
});

test("a rotation that fails costs lines, not the daemon, and recording goes on when it works again", async () => {
  const path = join(folder, "a.rec");
  await using recorder = unwrap(await openRecorder({ clock: new VirtualClock(), path, bytesMax: 50, keep: 1 }));
  mkdirSync(join(`${path}.1`, "in the way"), { recursive: true });
  recorder.record("sent", "one");
  await recorder.flush();
  recorder.record("sent", "two");
  await recorder.flush();
  rmSync(`${path}.1`, { recursive: true });
  recorder.record("sent", "three");
  await recorder.flush();
  expect(readFileSync(path, "utf8")).toMatch(/^.*sent\|three\n.*lost\|1 lines\n$/);
});
