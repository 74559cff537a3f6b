import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { type DiskError, describeDiskError } from "./disk.js";
import { type Result, unwrap } from "./result.js";
import { systemDisk } from "./system-disk.js";

const root = mkdtempSync(join(tmpdir(), "tandem-disk-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
});

const textOf = async (pieces: AsyncIterable<Result<string, DiskError>>): Promise<string> => {
  let text = "";
  for await (const piece of pieces) text += unwrap(piece);
  return text;
};

test("a file that grows keeps what it had, and its folder is made", async () => {
  const path = join(folder, "new", "a.rec");
  for (const text of ["one\n", "two\n"]) {
    await using file = unwrap(await systemDisk.open(path));
    unwrap(await file.append(text));
    unwrap(await file.sync());
    expect(file.size).toBe(readFileSync(path).length);
  }
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
});

test("a file that others cut goes on at its new end", async () => {
  const path = join(folder, "a.rec");
  await using file = unwrap(await systemDisk.open(path));
  unwrap(await file.append("one\n"));
  truncateSync(path, 0);
  unwrap(await file.append("two\n"));
  expect(readFileSync(path, "utf8")).toBe("two\n");
});

test("a device without room is full, and says so in one line", async () => {
  await using file = unwrap(await systemDisk.open("/dev/full"));
  const appended = await file.append("x");
  expect(!appended.ok && describeDiskError(appended.error)).toBe("/dev/full: no space left on the disk");
});

test("a compressed file reads as it was, in whatever pieces its letters were cut", async () => {
  const path = join(folder, "a.rec");
  const text = "grüße €\n".repeat(50_000);
  writeFileSync(path, text);
  expect(await textOf(systemDisk.pieces(path))).toBe(text);
  unwrap(await systemDisk.compress(path));
  expect(readdirSync(folder)).toEqual(["a.rec.gz"]);
  expect(await textOf(systemDisk.pieces(`${path}.gz`))).toBe(text);
});

test("a compressed file that is cut or is none ends in a failure, after what could be read", async () => {
  const path = join(folder, "a.rec.gz");
  writeFileSync(path, "no gzip");
  const pieces: Result<string, DiskError>[] = [];
  for await (const piece of systemDisk.pieces(path)) pieces.push(piece);
  expect(pieces.at(-1)).toMatchObject({ ok: false, error: { kind: "failed", path } });
});

test("a replaced file is whole, and leaves nothing beside it", async () => {
  const path = join(folder, "at.json");
  unwrap(await systemDisk.replace(path, "1"));
  unwrap(await systemDisk.replace(path, "2"));
  expect(readdirSync(folder)).toEqual(["at.json"]);
  expect(new TextDecoder().decode(unwrap(await systemDisk.read(path, 0, 10)))).toBe("2");
});

test("what is not there is a result: an empty folder, a missing file", async () => {
  expect(await systemDisk.list(join(folder, "none"))).toEqual({ ok: true, value: [] });
  expect(await systemDisk.read(join(folder, "none"), 0, 1)).toMatchObject({ ok: false, error: { kind: "notFound" } });
  expect(await systemDisk.remove(join(folder, "none"))).toEqual({ ok: true, value: undefined });
});
