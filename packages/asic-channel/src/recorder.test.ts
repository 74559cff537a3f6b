import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Millis, millis, minutes, seconds, systemDisk, unwrap } from "@tandem/base";
import { FaultyDisk, VirtualClock } from "@tandem/base/testing";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { Recorder, type RecorderEvent, type RecorderOptions } from "./recorder.js";
import { FOR_PLAYER } from "./recording/style.js";
import { RecordingClient } from "./recording-client.js";
import { replyTo, SUCCESS } from "./reply.js";
import type { AsicRequest } from "./request.js";
import { AnsweringClient, type AnsweringClientOptions } from "./testing/answering-client.js";

const root = mkdtempSync(join(tmpdir(), "tandem-asic-rec-"));
afterAll(() => rmSync(root, { recursive: true }));
let path = "";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(root, "case-"));
  path = join(folder, "sairedis.rec");
});

const port = (n: number): string => `SAI_OBJECT_TYPE_PORT:oid:0x100000000000${n}`;
const set = (n: number, value = "9100"): AsicRequest => ({
  op: "set",
  key: port(n),
  fields: [["SAI_PORT_ATTR_MTU", value]],
});
const get = (n: number): AsicRequest => ({ op: "get", key: port(n), fields: [["SAI_PORT_ATTR_MTU", "0"]] });

/** The lines of a file without their times. */
const said = (file = path): readonly string[] =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.slice(27));

async function recording(options: Partial<RecorderOptions>, channel: AnsweringClientOptions = {}) {
  const clock = new VirtualClock();
  const events: RecorderEvent[] = [];
  const recorder = unwrap(await Recorder.open({ clock, path, onEvent: (event) => events.push(event), ...options }));
  const server = new AnsweringClient(channel);
  return { clock, events, recorder, server, client: new RecordingClient(server, recorder) };
}

test("a client's requests, replies and notifications stand in the file, behind the line that says where it is", async () => {
  const { recorder, client } = await recording(
    {},
    {
      answer: ({ op }) => (op === "get" ? replyTo("get", SUCCESS, [["SAI_PORT_ATTR_MTU", "9100"]]) : undefined),
      notifications: [{ name: "port_state_change", data: "[]", fields: [] }],
    },
  );
  await client.request(set(1));
  await client.request(get(1));
  for await (const _ of client.notifications(new AbortController().signal));
  await recorder[Symbol.asyncDispose]();
  expect(said()).toEqual([
    `#|recording on: ${path}`,
    `s|${port(1)}|SAI_PORT_ATTR_MTU=9100`,
    `g|${port(1)}|SAI_PORT_ATTR_MTU=0`,
    "G|SAI_STATUS_SUCCESS|SAI_PORT_ATTR_MTU=9100",
    "n|port_state_change|[]|",
  ]);
  expect(recorder.tally).toEqual({ written: 5, lost: 0, paused: false });
});

test("a reply follows its request, however many are under way", async () => {
  const { recorder, client } = await recording({}, { mode: "async" });
  await Promise.all([client.request(get(1)), client.request(set(2)), client.request(get(3)), client.request(set(4))]);
  await recorder[Symbol.asyncDispose]();
  expect(said().map((line) => line[0])).toEqual(["#", "g", "G", "s", "g", "G", "s"]);
});

test("a request that was not sent, and one whose end is not known, say so behind their lines", async () => {
  const { recorder, client } = await recording(
    {},
    {
      answer: ({ op }) =>
        op === "get"
          ? { kind: "unknown", reason: "no reply within 60 s" }
          : { kind: "queueFull", unit: "requests", limit: 10 },
    },
  );
  await client.request(get(1));
  await client.request(set(1));
  await recorder[Symbol.asyncDispose]();
  expect(said().slice(2)).toEqual([
    "G|SAI_STATUS_FAILURE|",
    `#|get ${port(1)}: sent, but how it ended is not known: no reply within 60 s`,
    `s|${port(1)}|SAI_PORT_ATTR_MTU=9100`,
    "E|SAI_STATUS_FAILURE",
    `#|set ${port(1)}: 10 requests wait for the server already; this request was not sent`,
  ]);
});

test("a caller that gives up leaves a line that says so, and is rejected as before", async () => {
  const { recorder, client } = await recording({}, { before: () => Promise.reject(new Error("aborted")) });
  await expect(client.request(get(1))).rejects.toThrow("aborted");
  await recorder[Symbol.asyncDispose]();
  expect(said().at(-1)).toContain("the caller did not wait for it");
});

test("lines are written after 10 ms, many at a time, and no request waits for them", async () => {
  const disk = new FaultyDisk(systemDisk);
  const { clock, recorder, client } = await recording({ disk });
  for (let n = 1; n <= 5; n++) await client.request(set(n));
  expect(said()).toHaveLength(1);
  await clock.advance(millis(10));
  await recorder.flush();
  expect(said()).toHaveLength(6);
  await recorder[Symbol.asyncDispose]();
});

test("a burst beyond the buffer costs whole lines, and the file says how many are missing and where", async () => {
  const { recorder, client } = await recording({ bufferChars: 2000 }, { mode: "async" });
  const answers = await Promise.all(Array.from({ length: 40 }, () => client.request(get(1))));
  expect(answers.every(({ ok }) => ok)).toBe(true);
  await recorder.flush();
  await client.request(set(2));
  await recorder[Symbol.asyncDispose]();
  const lines = said().slice(1);
  const kept = lines.filter((line) => line[0] === "g").length;
  expect(kept).toBeLessThan(40);
  expect(lines.filter((line) => line[0] === "G")).toHaveLength(kept);
  expect(lines.slice(-2)).toEqual([
    `#|gap: ${40 - kept} lines are missing here`,
    `s|${port(2)}|SAI_PORT_ATTR_MTU=9100`,
  ]);
  expect(recorder.tally.lost).toBe(40 - kept);
});

describe("a disk without room", () => {
  test("pauses the recording with one error while requests go on, and what waited is written when there is room", async () => {
    const disk = new FaultyDisk(systemDisk);
    const { clock, events, recorder, client } = await recording({ disk });
    disk.room = 0;
    for (let n = 1; n <= 3; n++) {
      expect((await client.request(set(n))).ok).toBe(true);
      await clock.advance(seconds(2));
      await recorder.flush();
    }
    expect(disk.refusals).toBeGreaterThan(2);
    expect(events.map(({ kind }) => kind)).toEqual(["paused"]);
    expect(recorder.tally.paused).toBe(true);
    disk.room = Number.POSITIVE_INFINITY;
    await clock.advance(seconds(1));
    await recorder.flush();
    expect(events).toMatchObject([
      { kind: "paused", error: { kind: "full" } },
      { kind: "resumed", lost: 0 },
    ]);
    expect(said()).toHaveLength(4);
    await recorder[Symbol.asyncDispose]();
  });

  test("for longer than the buffer lasts leaves a gap line, and recording goes on behind it", async () => {
    const disk = new FaultyDisk(systemDisk);
    const { clock, events, recorder, client } = await recording({ disk, bufferChars: 1000 });
    disk.room = 0;
    for (let n = 0; n < 50; n++) await client.request(set(1, `${n}`));
    await clock.advance(seconds(1));
    disk.room = Number.POSITIVE_INFINITY;
    await clock.advance(seconds(1));
    await recorder.flush();
    await client.request(set(2));
    await recorder[Symbol.asyncDispose]();
    const lines = said();
    const values = lines.flatMap((line) => /^s.*1\|SAI_PORT_ATTR_MTU=(\d+)$/.exec(line)?.[1] ?? []);
    expect(values).toEqual(values.map((_, i) => `${i}`));
    expect(lines.filter((line) => line.startsWith("#|gap"))).toEqual([
      `#|gap: ${50 - values.length} lines are missing here`,
    ]);
    expect(lines.at(-1)).toContain(port(2));
    expect(events).toMatchObject([{ kind: "paused" }, { kind: "resumed", lost: 50 - values.length }]);
  });

  test("does not keep a recorder from closing; what could not be written is counted", async () => {
    const disk = new FaultyDisk(systemDisk);
    const { recorder, client } = await recording({ disk });
    disk.room = 0;
    await client.request(set(1));
    await recorder[Symbol.asyncDispose]();
    expect(recorder.tally.lost).toBe(1);
  });
});

test("after a rename the file is opened again, and says so: SIGHUP", async () => {
  const { recorder, client } = await recording({});
  await client.request(set(1));
  renameSync(path, `${path}.1`);
  await client.request(set(2));
  await recorder.reopen();
  await client.request(set(3));
  await recorder[Symbol.asyncDispose]();
  expect(said(`${path}.1`).map((line) => line.slice(0, 2))).toEqual(["#|", "s|", "s|"]);
  expect(said()).toEqual([`#|logrotate on: ${path}`, `s|${port(3)}|SAI_PORT_ATTR_MTU=9100`]);
});

describe("full files", () => {
  const unpacked = (): string =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".gz"))
      .map((name) => gunzipSync(readFileSync(join(folder, name))).toString())
      .concat(readFileSync(path, "utf8"))
      .join("");

  const fill = async (options: Partial<RecorderOptions>, count: number, pause: Millis): Promise<void> => {
    const { clock, recorder, client } = await recording(options);
    for (let n = 0; n < count; n++) {
      await client.request(set(1, `${n}`));
      await recorder.flush();
      await clock.advance(pause);
    }
    await recorder[Symbol.asyncDispose]();
  };

  test("are those that have their size; they are packed, and together hold every line once", async () => {
    await fill({ limits: { fileBytesMax: 500 } }, 20, millis(0));
    const names = readdirSync(folder);
    expect(names.length).toBeGreaterThan(3);
    expect(names.filter((name) => !name.endsWith(".gz"))).toEqual(["sairedis.rec"]);
    expect(unpacked().match(/MTU=\d+/g)).toEqual(Array.from({ length: 20 }, (_, n) => `MTU=${n}`));
  });

  test("are those that have their age", async () => {
    await fill({ limits: { fileAgeMax: minutes(10) } }, 4, minutes(6));
    expect(readdirSync(folder).filter((name) => name.endsWith(".gz"))).toHaveLength(1);
  });

  test("go, oldest first, when all of them together are too many", async () => {
    await fill({ limits: { fileBytesMax: 500, totalBytesMax: 1500, compress: false } }, 40, millis(0));
    const kept = readdirSync(folder).filter((name) => name !== "sairedis.rec");
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(4);
    expect(readFileSync(join(folder, kept[0] as string), "utf8")).not.toContain("MTU=0\n");
    expect(readFileSync(path, "utf8")).toContain("MTU=39\n");
  });
});

test("for upstream's player nothing that it cannot read is written", async () => {
  const { recorder, client } = await recording(
    { style: FOR_PLAYER },
    {
      answer: ({ op }) =>
        op === "bulkget"
          ? replyTo("bulkget", SUCCESS, [[SUCCESS, "SAI_PORT_ATTR_SPEED=1"]])
          : replyTo(op, "SAI_STATUS_FAILURE"),
    },
  );
  await client.request(set(1));
  await client.request({
    op: "bulkget",
    key: "SAI_OBJECT_TYPE_PORT:1",
    fields: [["oid:0x1", "SAI_PORT_ATTR_SPEED=0"]],
  });
  await recorder[Symbol.asyncDispose]();
  expect(said().slice(1)).toEqual([
    `s|${port(1)}|SAI_PORT_ATTR_MTU=9100`,
    "B|SAI_OBJECT_TYPE_PORT||oid:0x1|SAI_PORT_ATTR_SPEED=0",
    "G|SAI_STATUS_SUCCESS||SAI_STATUS_SUCCESS|SAI_PORT_ATTR_SPEED=1",
  ]);
});

test("a file that cannot be opened is a result", async () => {
  const opened = await Recorder.open({ clock: new VirtualClock(), path: "/dev/null/sairedis.rec" });
  expect(!opened.ok && opened.error.kind).toBe("failed");
});
