import { millis } from "@tandem/base";
import { expect, test } from "vitest";
import { COLOURS, eventJson, eventText, type LabEvent, PLAIN } from "./lab-event.js";
import type { Receipt } from "./story/receipt.js";

const receipt: Receipt = {
  story: "mine",
  host: "processes",
  switches: 2,
  dpus: 2,
  stages: [
    { title: "1. Launch", steps: [{ command: "launch", took: millis(1500) }] },
    { title: "2. Look", steps: [{ command: "check", took: millis(2) }] },
  ],
  rowsWritten: new Map([
    ["DPU_STATE", 4],
    ["BFD_SESSION_TABLE", 8],
  ]),
  transitions: new Map([["sw0_dpu0", ["on", "active"]]]),
  packets: {
    sent: 10,
    losses: [{ scope: "haset0-0", at: "sw0", why: "no route", from: millis(0), until: millis(20), packets: 3 }],
  },
  invariants: { checked: 7, violations: ["one-decider: both"] },
  steadyAfter: millis(1400),
  processes: [{ name: "sw0_dpu0.hamgrd", memory: 2 ** 20, cpu: millis(1250) }],
  messages: { inProcess: 100, toBus: 4, forwarded: 3, announcements: 2 },
};

test("a receipt tells stages with times, ways, rows, memory, losses and violations", () => {
  expect(eventText({ kind: "receipt", receipt }, PLAIN)?.split("\n")).toEqual([
    "",
    "receipt of mine: 2 switches, 2 DPUs, real processes",
    "",
    "stages",
    "    1.50 s  1. Launch",
    "      2 ms  2. Look",
    "    1.50 s  in all",
    "    1.40 s  from the last process ready to all scopes steady",
    "",
    "what each DPU went through",
    "  sw0_dpu0: on -> active",
    "",
    "row changes seen",
    "       8  BFD_SESSION_TABLE",
    "       4  DPU_STATE",
    "",
    "memory, processor time",
    "     1.0 MB    1.25 s  sw0_dpu0.hamgrd",
    "",
    "messages: 100 within hamgrds, 4 to the bus, 3 forwarded, 2 announcements",
    "",
    "packets: 10 sent, 3 lost",
    "       3  of haset0-0 at sw0: no route, for 20 ms",
    "invariants: 7 checks, 1 violation",
    "  one-decider: both",
  ]);
});

test("a receipt of a large cluster sums up: ways by DPUs that went them, processes by kind, the largest losses", () => {
  const names = Array.from({ length: 20 }, (_, i) => `sw${i}_dpu0`);
  const large: Receipt = {
    ...receipt,
    dpus: 20,
    transitions: new Map(names.map((name, i) => [name, i === 3 ? ["on", "off"] : ["on", "active"]])),
    processes: names.map((name) => ({ name: `${name}.redis`, memory: 2 ** 20, cpu: millis(100) })),
    packets: {
      sent: 100,
      losses: names.map((at, i) => ({ scope: "s", at, why: "w", from: millis(0), until: millis(5), packets: i + 1 })),
    },
  };
  const lines = eventText({ kind: "receipt", receipt: large }, PLAIN)?.split("\n") ?? [];
  expect(lines).toContain("  19 DPUs, sw0_dpu0 to sw19_dpu0: on -> active");
  expect(lines).toContain("  sw3_dpu0: on -> off");
  expect(lines).toContain("    20.0 MB    2.00 s  20 redis, the largest 1.0 MB");
  expect(lines).toContain("      20  of s at sw19_dpu0: w, for 5 ms");
  expect(lines).toContain("      10  in 4 smaller windows, see --json");
});

test("a way that is longer than the terminal is broken before its arrows", () => {
  const way = ["connecting", "connected", "initializing_to_active", "pending_active_activation", "active"];
  const long = { ...receipt, transitions: new Map([["sw0_dpu0", way]]) };
  const lines = (columns?: number) =>
    (eventText({ kind: "receipt", receipt: long }, PLAIN, columns) ?? "")
      .split("\n")
      .filter((line) => /^ {2}sw0_dpu0:|->/.test(line));
  expect(lines()).toEqual([`  sw0_dpu0: ${way.join(" -> ")}`]);
  expect(lines(62)).toEqual([
    "  sw0_dpu0: connecting -> connected -> initializing_to_active",
    "      -> pending_active_activation -> active",
  ]);
  expect(lines(20).every((line) => !line.includes("->") || /^ {2}sw0_dpu0:|^ {6}->/.test(line))).toBe(true);
});

test("whoever looks around is told how, with the redis-cli that is there", () => {
  const dpu = { name: "sw0_dpu0", redisSocket: "d", swbusd: "s", swbusdConfig: "y", orchagent: "o" };
  const sw = { name: "sw0", redis: "r", redisSocket: "n", databaseConfig: "g", dpus: [dpu], metrics: [] };
  const event: LabEvent = { kind: "addresses", folder: "/tmp/x", redisCli: "/cache/redis-cli", switches: [sw] };
  expect(eventText(event, PLAIN)).toContain("\n  /cache/redis-cli -s n   (or r)\n");
  expect(eventText({ kind: "ended" }, PLAIN)).toBe("\nended; nothing is left running");
});

const events: readonly LabEvent[] = [
  { kind: "starting", story: "mine", title: "Mine.", switches: 2, dpus: 1, isolation: "switch" },
  { kind: "started", ms: 1.4, processes: [{ name: "sw0.redis", pid: 7 }] },
  { kind: "notCompared", recorded: "2 switches of 1 DPUs" },
  { kind: "stage", title: "1. Launch" },
  { kind: "command", ms: 3, command: "launch" },
  { kind: "transition", ms: 4, dpu: "sw0_dpu0", text: "power on" },
  { kind: "step", ms: 5, command: "launch", printed: "a\nb", expected: "a" },
  { kind: "receipt", receipt },
  { kind: "addresses", folder: "/tmp/x", redisCli: "redis-cli", switches: [] },
  { kind: "ended" },
];

test("with --json every event is one object with schema and event", () => {
  const objects = events.map((event) => JSON.parse(eventJson(event)));
  for (const object of objects) expect(object.schema).toBe("tandem.lab.v1");
  expect(objects.map(({ event }) => event)).toEqual([
    ...[
      "starting",
      "started",
      "not_compared",
      "stage",
      "command",
      "transition",
      "step",
      "receipt",
      "addresses",
      "ended",
    ],
  ]);
  expect(objects[6]).toMatchObject({ printed: ["a", "b"], as_expected: false, expected: ["a"] });
  expect(objects[7].receipt.packets).toEqual({
    sent: 10,
    lost: 3,
    losses: [{ scope: "haset0-0", at: "sw0", why: "no route", packets: 3, for_ms: 20 }],
  });
});

test("text has escape codes only where colours are shown; a command without an answer adds nothing", () => {
  for (const event of events) expect(eventText(event, PLAIN) ?? "").not.toContain("\u001b");
  expect(eventText({ kind: "stage", title: "1. Launch" }, COLOURS)).toBe("\n\u001b[1m1. Launch\u001b[22m");
  expect(eventText({ kind: "step", ms: 1, command: "x", printed: "", expected: undefined }, PLAIN)).toBeUndefined();
});
