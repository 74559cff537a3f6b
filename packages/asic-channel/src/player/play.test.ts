import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type DiskError, err, millis, ok, type Result, systemDisk, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { afterAll, describe, expect, test } from "vitest";
import { Recorder } from "../recorder.js";
import { RecordingClient } from "../recording-client.js";
import { replyTo, SUCCESS } from "../reply.js";
import { type Answering, AnsweringClient, type AnsweringClientOptions } from "../testing/answering-client.js";
import { type NumberedLine, numberedLines } from "./numbered-lines.js";
import { type PlayOptions, play } from "./play.js";
import type { PlaySummary } from "./summary.js";
import { withIndex } from "./vid-map.js";
import { recordedVids, type Vids } from "./vids.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-play-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SWITCH = "oid:0x21000000000000";
const PORT = "oid:0x1000000000002";
const testdata = (name: string): string => new URL(`../../testdata/${name}`, import.meta.url).pathname;

/** Lines a millisecond apart, as a file holds them. */
const recording = (...bodies: readonly string[]): AsyncIterable<Result<NumberedLine, DiskError>> =>
  numberedLines(
    (async function* () {
      for (const [i, body] of bodies.entries())
        yield ok(`2026-03-01.10:00:00.${String(i * 1000).padStart(6, "0")}|${body}\n`);
    })(),
  );

/** Fresh ids count from 0x100 on. */
const counted = (): Vids => {
  let index = 0xffn;
  return {
    unknownStay: false,
    fresh: async (recorded) => {
      index += 1n;
      return ok(withIndex(recorded, index));
    },
  };
};

async function played(
  lines: PlayOptions["lines"],
  channel: AnsweringClientOptions = {},
  options: Partial<PlayOptions> = {},
): Promise<{ summary: PlaySummary; server: AnsweringClient }> {
  const server = new AnsweringClient(channel);
  const summary = await play({
    client: server,
    lines,
    clock: new VirtualClock(),
    vids: recordedVids,
    speed: "max",
    onBadLine: "skip",
    onMismatch: "stop",
    skipViews: false,
    signal: new AbortController().signal,
    ...options,
  });
  return { summary, server };
}

const portsAre =
  (...ports: readonly string[]): Answering =>
  ({ op, fields }) => {
    if (op === "get")
      return replyTo("get", SUCCESS, [["SAI_SWITCH_ATTR_PORT_LIST", `${ports.length}:${ports.join(",")}`]]);
    if (op !== "bulkget") return undefined;
    return replyTo(
      "bulkget",
      SUCCESS,
      fields.map(() => [SUCCESS, "SAI_PORT_ATTR_SPEED=40000"]),
    );
  };

describe("the recording of upstream's current writer", () => {
  test("plays, its ports are found under their ids here, and its failed change is expected to fail", async () => {
    const { summary, server } = await played(
      numberedLines(systemDisk.pieces(testdata("current.rec"))),
      {
        answer: (request) =>
          request.op === "set"
            ? replyTo("set", "SAI_STATUS_NOT_SUPPORTED")
            : portsAre("oid:0x1000000000042", "oid:0x1000000000043")(request),
      },
      { vids: counted() },
    );
    expect(summary.ended).toBeUndefined();
    expect(Object.fromEntries(summary.played)).toEqual({ a: 2, c: 2, g: 1, C: 1, B: 1, s: 1, R: 1, f: 1 });
    expect(Object.fromEntries(summary.passedOver)).toEqual({ "#": 2, n: 1, q: 1, Q: 1 });
    expect([summary.skipped.count, summary.mismatches.count, summary.learned]).toEqual([0, 0, 3]);
    const keys = server.asked.map(({ op, key }) => `${op} ${key}`);
    expect(keys).toContain("create SAI_OBJECT_TYPE_VIRTUAL_ROUTER:oid:0x3000000000100");
    expect(keys).toContain("set SAI_OBJECT_TYPE_PORT:oid:0x1000000000042");
    const route = server.asked.find(({ op }) => op === "bulkcreate")?.fields[0]?.[0];
    expect(route).toBe(`{"dest":"10.1.0.0/16","switch_id":"${SWITCH}","vr":"oid:0x3000000000100"}`);
    expect(server.asked.find(({ op }) => op === "bulkget")?.fields[1]?.[0]).toBe("oid:0x1000000000043");
  });

  test("leaves the same recording behind when it is recorded while it plays", async () => {
    const path = join(folder, "again.rec");
    const clock = new VirtualClock();
    const recorder = unwrap(await Recorder.open({ clock, path }));
    const answer: Answering = (request) =>
      request.op === "set"
        ? replyTo("set", "SAI_STATUS_NOT_SUPPORTED")
        : request.op === "bulkget"
          ? replyTo(
              "bulkget",
              SUCCESS,
              request.fields.map(() => [SUCCESS, "SAI_PORT_ATTR_SPEED=100000"]),
            )
          : portsAre(PORT, "oid:0x1000000000003")(request);
    const client = new RecordingClient(new AnsweringClient({ answer }), recorder);
    const { summary } = await played(numberedLines(systemDisk.pieces(testdata("current.rec"))), {}, { client, clock });
    await recorder[Symbol.asyncDispose]();
    expect(summary.agrees).toBe(true);
    const bodies = (file: string): readonly string[] =>
      readFileSync(file, "utf8")
        .split("\n")
        .map((line) => line.slice(27))
        .filter((body) => body !== "" && !/^[#nqQ]/.test(body));
    expect(bodies(path)).toEqual(bodies(testdata("current.rec")));
  });
});

/** Time that is over at once: the pauses of a recording are no pauses. */
const hasty: Clock = {
  now: () => millis(0),
  monotonic: () => millis(0),
  setTimer: (_delay, fire) => {
    queueMicrotask(fire);
    return { cancel: () => {} };
  },
};

test("an older recording plays; what cannot be read is told by line and passed over", async () => {
  const { summary } = await played(
    numberedLines(systemDisk.pieces(testdata("older.rec"))),
    {
      answer: ({ op, fields }) => {
        const lanes = fields[0]?.[1] === "0:null" ? "SAI_STATUS_BUFFER_OVERFLOW" : "SAI_STATUS_FAILURE";
        if (op === "get")
          return replyTo(op, lanes, lanes.endsWith("OVERFLOW") ? [["SAI_PORT_ATTR_HW_LANE_LIST", "4"]] : []);
        if (op === "bulkget")
          return replyTo(op, "SAI_STATUS_FAILURE", [
            [SUCCESS, "SAI_PORT_ATTR_SPEED=1"],
            ["SAI_STATUS_INVALID_OBJECT_ID", ""],
          ]);
        if (op === "bulkset")
          return replyTo(op, "SAI_STATUS_FAILURE", [
            [SUCCESS, ""],
            ["SAI_STATUS_ATTR_NOT_SUPPORTED_0", ""],
          ]);
        return undefined;
      },
    },
    { clock: hasty },
  );
  expect(summary.ended).toBeUndefined();
  expect(summary.mismatches.kept).toEqual([]);
  expect(summary.pauses).toBe(1);
  expect(summary.skipped.kept.map(({ line, text }) => `${line}: ${text}`)).toEqual([
    "11: expected a request before the reply G",
    "12: expected a request before the reply G",
    "26: the op z is none that is known",
  ]);
});

describe("a difference ends the play, and says where", () => {
  const list = (...oids: readonly string[]): string => `SAI_SWITCH_ATTR_PORT_LIST=${oids.length}:${oids.join(",")}`;
  const get = [`g|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|${list("oid:0x0")}`, `G|${SUCCESS}|${list(PORT)}`] as const;
  const cases: readonly (readonly [string, readonly string[], Answering, string])[] = [
    ["more ports", get, portsAre(PORT, "oid:0x1"), "line 1: g: SAI_SWITCH_ATTR_PORT_LIST: expected 1 items, got 2"],
    [
      "another port than before",
      [...get, ...get],
      (() => {
        let asked = 0;
        return (request) => portsAre(`oid:0x100000000000${++asked}`)(request);
      })(),
      `line 3: g: SAI_SWITCH_ATTR_PORT_LIST: ${PORT} would be oid:0x1000000000002 here, but ${PORT} is oid:0x1000000000001`,
    ],
    [
      "a get that succeeds and should not",
      [get[0], "G|SAI_STATUS_FAILURE|"],
      portsAre(PORT),
      "line 1: g: succeeded, the recording says SAI_STATUS_FAILURE",
    ],
    [
      "a change that fails",
      [`r|SAI_OBJECT_TYPE_PORT:${SWITCH}`],
      () => replyTo("remove", "SAI_STATUS_OBJECT_IN_USE"),
      "line 1: r: expected SAI_STATUS_SUCCESS, got SAI_STATUS_OBJECT_IN_USE",
    ],
    [
      "a change that should have failed",
      [`r|SAI_OBJECT_TYPE_PORT:${SWITCH}`, "E|SAI_STATUS_FAILURE"],
      () => undefined,
      "line 1: r: expected SAI_STATUS_FAILURE, got SAI_STATUS_SUCCESS",
    ],
    [
      "a view that is not applied",
      ["a|APPLY_VIEW", `A|${SUCCESS}`],
      () => replyTo("notify", "SAI_STATUS_FAILURE"),
      "line 1: a: expected SAI_STATUS_SUCCESS, got SAI_STATUS_FAILURE",
    ],
    [
      "one object of many",
      ["R|SAI_OBJECT_TYPE_PORT||oid:0x21000000000000"],
      () => replyTo("bulkremove", SUCCESS, [["SAI_STATUS_ITEM_NOT_FOUND", ""]]),
      "line 1: R: object 1: expected SAI_STATUS_SUCCESS, got SAI_STATUS_ITEM_NOT_FOUND",
    ],
    [
      "an object that nobody has seen",
      [`s|SAI_OBJECT_TYPE_PORT:${PORT}|SAI_PORT_ATTR_MTU=1`],
      () => undefined,
      `line 1: s: ${PORT} was neither created nor read before, so what it is here is not known`,
    ],
    [
      "a channel that is closed",
      ["a|INIT_VIEW", `A|${SUCCESS}`],
      () => ({ kind: "closed" }),
      "line 1: not sent: this end of the channel is closed",
    ],
  ];
  test.each(cases)("%s", async (_name, bodies, answer, expected) => {
    const { summary } = await played(
      recording(...bodies, "a|INIT_VIEW", `A|${SUCCESS}`),
      { answer },
      { vids: counted() },
    );
    expect(summary.ended).toBe(expected);
    expect(summary.agrees).toBe(false);
  });

  test("or is counted, and the play goes on", async () => {
    const { summary } = await played(
      recording(`r|SAI_OBJECT_TYPE_PORT:${SWITCH}`, "a|INIT_VIEW", `A|${SUCCESS}`),
      { answer: ({ op }) => (op === "remove" ? replyTo(op, "SAI_STATUS_FAILURE") : undefined) },
      { onMismatch: "go-on" },
    );
    expect([summary.ended, summary.mismatches.count, summary.requests, summary.agrees]).toEqual([
      undefined,
      1,
      2,
      false,
    ]);
  });
});

test("values need not be as they were, also where they look like a list", async () => {
  const attributes = (mac: string, ip: string): string => `SAI_X_ATTR_MAC=${mac}|SAI_X_ATTR_IP=${ip}|SAI_X_ATTR_MTU=1`;
  const { summary } = await played(
    recording(
      `g|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|${attributes("00:00:00:00:00:00", "0.0.0.0")}`,
      `G|${SUCCESS}|${attributes("01:42:AC:11:00:02", "2001:db8::1")}`,
    ),
    {
      answer: () =>
        replyTo("get", SUCCESS, [
          ["SAI_X_ATTR_MAC", "02:42:AC:11:00:03"],
          ["SAI_X_ATTR_IP", "fc00::1"],
          ["SAI_X_ATTR_MTU", "9100"],
        ]),
    },
  );
  expect(summary.mismatches.kept).toEqual([]);
});

test("a get that fails otherwise than recorded is a warning", async () => {
  const { summary } = await played(recording(`g|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|SAI_X=1`, `G|${SUCCESS}|SAI_X=1`), {
    answer: () => replyTo("get", "SAI_STATUS_NOT_SUPPORTED"),
  });
  expect([summary.agrees, summary.warnings.kept]).toEqual([
    true,
    [{ line: 1, text: "g: got SAI_STATUS_NOT_SUPPORTED, the recording says SAI_STATUS_SUCCESS" }],
  ]);
});

test("comments and notifications between a request and its reply do not part them; another request does", async () => {
  const parted = [`g|SAI_OBJECT_TYPE_SWITCH:${SWITCH}|SAI_X=1`, "a|INIT_VIEW", `A|${SUCCESS}`];
  const { summary } = await played(
    recording("a|INIT_VIEW", "#|something", "n|port_state_change|[]|", `A|${SUCCESS}`, ...parted),
  );
  expect(summary.compared).toBe(2);
  expect(summary.skipped.kept).toEqual([
    { line: 5, text: "expected its reply, a line G, behind it; it is played, and compared with nothing" },
  ]);
});

test("a line that cannot be read ends the play when it shall", async () => {
  const { summary, server } = await played(recording("rubbish", "a|INIT_VIEW"), {}, { onBadLine: "fatal" });
  expect(summary.ended).toBe('line 1: expected an op of one letter, found "rubbish"');
  expect(server.asked).toEqual([]);
});

describe("a recording that is cut off in its last line", () => {
  const whole = `c|SAI_OBJECT_TYPE_VLAN:oid:0x26000000005001|SAI_VLAN_ATTR_VLAN_ID=101`;
  const text = `2026-03-01.10:00:00.000001|${whole}\n2026-03-01.10:00:00.000002|s|SAI_OBJECT_TYPE_VL`;
  const cut = () =>
    numberedLines(
      (async function* () {
        yield ok(text);
      })(),
    );

  test("plays up to there, and that line is told with its number", async () => {
    const { summary, server } = await played(cut(), {}, { vids: recordedVids });
    expect(server.asked.map(({ op }) => op)).toEqual(["create"]);
    expect(summary.skipped.kept).toEqual([{ line: 2, text: expect.stringContaining("SAI_OBJECT_TYPE_VL") }]);
  });

  test("ends the play at that line when it shall", async () => {
    const { summary } = await played(cut(), {}, { vids: recordedVids, onBadLine: "fatal" });
    expect(summary.ended).toMatch(/^line 2: /);
  });
});

test("view changes are left out when they shall be", async () => {
  const { summary, server } = await played(recording("a|INIT_VIEW", `A|${SUCCESS}`), {}, { skipViews: true });
  expect([server.asked, [...summary.passedOver]]).toEqual([[], [["a", 1]]]);
});

test("in real time as much time passes between requests as in the recording, and pauses are made", async () => {
  const clock = new VirtualClock();
  const times: number[] = [];
  const before = async (): Promise<void> => {
    times.push(clock.monotonic());
  };
  const at = (time: string, body: string): string => `2026-03-01.10:00:${time}|${body}\n`;
  const lines = numberedLines(
    (async function* () {
      yield ok(at("00.000000", "a|INIT_VIEW") + at("00.500000", `A|${SUCCESS}`));
      yield ok(at("02.500000", "a|APPLY_VIEW") + at("02.500000", `A|${SUCCESS}`) + at("02.500000", "@|250"));
      yield ok(at("02.500000", "a|INIT_VIEW") + at("02.500000", `A|${SUCCESS}`) + at("59.000000", "a|APPLY_VIEW"));
    })(),
  );
  const playing = played(lines, { before }, { clock, speed: "real", pauseMax: millis(10_000) });
  await clock.advance(millis(60_000));
  await playing;
  expect(times).toEqual([0, 2500, 2750, 12_750]);
});

test("a channel that is full is waited for, and no request is lost or passed", async () => {
  const clock = new VirtualClock();
  let full = 3;
  const playing = played(
    recording("a|INIT_VIEW", `A|${SUCCESS}`, "a|APPLY_VIEW", `A|${SUCCESS}`),
    { answer: () => (full-- > 0 ? { kind: "queueFull", unit: "requests", limit: 1 } : undefined) },
    { clock },
  );
  await clock.advance(millis(1000));
  const { summary, server } = await playing;
  expect(summary.requests).toBe(2);
  expect(server.asked.map(({ key }) => key)).toEqual([...Array(4).fill("INIT_VIEW"), "APPLY_VIEW"]);
});

test("it ends between two requests when it is told to", async () => {
  const ending = new AbortController();
  const { summary } = await played(
    recording("a|INIT_VIEW", `A|${SUCCESS}`, "a|APPLY_VIEW", `A|${SUCCESS}`),
    { before: async () => ending.abort() },
    { signal: ending.signal },
  );
  expect([summary.requests, summary.ended]).toEqual([1, "it was told to end before the recording did"]);
});

describe("lines of a file", () => {
  const read = async (pieces: readonly Result<string, DiskError>[], max?: number): Promise<readonly unknown[]> => {
    const lines: unknown[] = [];
    for await (const line of numberedLines(
      (async function* () {
        yield* pieces;
      })(),
      max,
    ))
      lines.push(line.ok ? [line.value.number, line.value.text, line.value.cut] : line.error.kind);
    return lines;
  };

  test("come in whatever pieces, with and without a last line feed; empty ones are counted", async () => {
    expect(await read([ok("a\n\nb"), ok("c\r\n"), ok(""), ok("d")])).toEqual([
      [1, "a", false],
      [3, "bc\r", false],
      [4, "d", false],
    ]);
  });

  test("that are too long are cut, and those after them are whole", async () => {
    expect(await read([ok("12345"), ok("678\nab\n")], 4)).toEqual([
      [1, "1234", true],
      [2, "ab", false],
    ]);
  });

  test("end where the disk fails", async () => {
    expect(await read([ok("a\nb"), err({ kind: "failed", path: "x", detail: "EIO" })])).toEqual([
      [1, "a", false],
      "failed",
    ]);
  });
});
