import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { millis, minutes, seconds } from "./brand.js";
import { CRASH_POINTS, noCrash } from "./crash-point.js";
import { InvariantError, invariant, unreachable } from "./invariant.js";
import { allOk, err, mapOk, ok, unwrap } from "./result.js";
import { crashPointFrom } from "./system-crash-point.js";
import { systemFiles } from "./system-files.js";

test("results are plain data", () => {
  expect(ok()).toEqual({ ok: true, value: undefined });
  expect(ok(1)).toEqual({ ok: true, value: 1 });
  expect(err("no")).toEqual({ ok: false, error: "no" });
});

test("allOk gives all values in order, or the first failure", () => {
  expect(allOk([ok(1), ok(2)])).toEqual(ok([1, 2]));
  expect(allOk([ok(1), err("a"), err("b")])).toEqual(err("a"));
  expect(allOk([])).toEqual(ok([]));
});

test("mapOk leaves failures alone", () => {
  expect(mapOk(ok(1), (n) => n + 1)).toEqual(ok(2));
  expect(mapOk(err("no"), () => expect.unreachable())).toEqual(err("no"));
});

test("unwrap throws what went wrong, whatever the error holds", () => {
  expect(unwrap(ok(1))).toBe(1);
  expect(() => unwrap(err("plain words"), "reading")).toThrow("reading: plain words");
  expect(() => unwrap(err({ kind: "full", limit: 5n }))).toThrow("unwrap: { kind: 'full', limit: 5n }");
});

test("invariants throw with their message, and so does what cannot be reached", () => {
  invariant(true, "unseen");
  expect(() => invariant(0, "zero")).toThrow(InvariantError);
  expect(() => unreachable({ id: 7n } as never)).toThrow("unreachable: { id: 7n }");
});

test("durations are milliseconds", () => {
  expect([millis(5), seconds(1.5), minutes(2)]).toEqual([5, 1500, 120_000]);
});

test("files: text, not found, unreadable", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tandem-files-"));
  try {
    const path = join(folder, "a.txt");
    writeFileSync(path, "ü\n");
    expect(await systemFiles.read(path)).toEqual(ok("ü\n"));
    expect(await systemFiles.read(`${path}.none`)).toEqual(err({ kind: "notFound", path: `${path}.none` }));
    expect(await systemFiles.read(folder)).toMatchObject({ ok: false, error: { kind: "unreadable", path: folder } });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe("the crash point of a process", () => {
  test("is none without the variable", () => {
    expect(unwrap(crashPointFrom({}))).toBe(noCrash);
    expect(unwrap(crashPointFrom({ TANDEM_CRASH_POINT: "" }))).toBe(noCrash);
    for (const name of CRASH_POINTS) noCrash.reach(name);
  });

  test("that nobody knows is one clear error", () => {
    for (const wanted of ["actor", "actor.commit.before:0", "actor.commit.before:x", ":1"]) {
      const result = crashPointFrom({ TANDEM_CRASH_POINT: wanted });
      expect(!result.ok && result.error).toContain(
        `TANDEM_CRASH_POINT is "${wanted}": expected name or name:times, of `,
      );
    }
  });

  test("ends the process as by kill -9, the time it is reached that was asked for", () => {
    const original = process.kill;
    const kills: unknown[] = [];
    process.kill = (pid, signal) => {
      kills.push([pid, signal]);
      return true;
    };
    try {
      const point = unwrap(crashPointFrom({ TANDEM_CRASH_POINT: "actor.send.each:2" }));
      point.reach("actor.commit.before");
      point.reach("actor.send.each");
      expect(kills).toEqual([]);
      point.reach("actor.send.each");
      expect(kills).toEqual([[process.pid, "SIGKILL"]]);
    } finally {
      process.kill = original;
    }
  });
});
