import fc from "fast-check";
import { expect, test } from "vitest";
import { TestTerminal } from "../testing/test-terminal.js";
import { type FrameSize, tableLines, wrap } from "./frame.js";
import { RESTORE, Screen } from "./screen.js";
import type { DpuRow, LabSnapshot, StyledLine } from "./snapshot.js";

const plain = (text: string): StyledLine => ({ text, tone: "plain" });
const events = (from: number, to: number): StyledLine[] =>
  Array.from({ length: to - from }, (_, i) => plain(`event ${from + i}`));
const TABLE = [plain("title"), plain("sw0_dpu0 active"), plain("----")];

test("the table stands on top, events below it, and what was there before is in the history", () => {
  const terminal = new TestTerminal({ columns: 40, rows: 8 });
  terminal.write("$ tandem lab\r\n");
  const screen = new Screen(terminal.size, false);
  terminal.write(screen.start());
  terminal.write(screen.update(TABLE, events(0, 3)));
  expect(terminal.screen()).toEqual(["title", "sw0_dpu0 active", "----", "event 0", "event 1", "event 2", "", ""]);
  expect(terminal.history).toEqual(["$ tandem lab"]);
});

test("events without room leave into the history in order, each once, and the table stays", () => {
  const terminal = new TestTerminal({ columns: 40, rows: 8 });
  const screen = new Screen(terminal.size, false);
  terminal.write(screen.start());
  for (let i = 0; i < 20; i++) terminal.write(screen.update(TABLE, events(i, i + 1)));
  expect(terminal.screen()).toEqual([...TABLE.map(({ text }) => text), ...events(15, 20).map(({ text }) => text)]);
  expect(terminal.history.filter((line) => line !== "")).toEqual(events(0, 15).map(({ text }) => text));
});

test("after the end every event is there once, in order, then the last table; the cursor follows, as it was found", () => {
  const terminal = new TestTerminal({ columns: 40, rows: 8 });
  const screen = new Screen(terminal.size, true);
  terminal.write(screen.start());
  terminal.write(screen.update(TABLE, events(0, 12)));
  const last = screen.end(TABLE);
  expect(last).toContain(RESTORE);
  terminal.write(`${last}$ `);
  const all = [...terminal.history, ...terminal.screen()].filter((line) => line !== "");
  expect(all).toEqual([...events(0, 12).map(({ text }) => text), ...TABLE.map(({ text }) => text), "$"]);
  expect(terminal.modes).toEqual({ cursor: true, wrap: true });
});

test("what has not changed is not written again", () => {
  const screen = new Screen({ columns: 40, rows: 8 }, false);
  screen.update(TABLE, events(0, 2));
  expect(screen.update(TABLE, [])).toBe("");
  const changed = screen.update([plain("title 2"), ...TABLE.slice(1)], []);
  expect(changed).toContain("title 2");
  expect(changed).not.toContain("sw0_dpu0");
});

test("whatever comes, and whatever size the terminal takes, no event is lost and none is out of order", () => {
  const size = fc.record({ columns: fc.integer({ min: 12, max: 60 }), rows: fc.integer({ min: 4, max: 12 }) });
  const act = fc.oneof(
    fc.record({ kind: fc.constant("events" as const), count: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant("table" as const), height: fc.integer({ min: 0, max: 6 }) }),
  );
  fc.assert(
    fc.property(size, fc.array(act, { maxLength: 20 }), (terminalSize, acts) => {
      const terminal = new TestTerminal(terminalSize);
      const screen = new Screen(terminalSize, false);
      terminal.write(screen.start());
      let n = 0;
      let table: StyledLine[] = [];
      for (const step of acts) {
        const more = step.kind === "events" ? events(n, n + step.count) : [];
        n += more.length;
        if (step.kind === "table")
          table = Array.from({ length: Math.min(step.height, terminalSize.rows - 1) }, () => plain("row"));
        terminal.write(screen.update(table, more));
      }
      terminal.write(screen.end(table));
      const told = [...terminal.history, ...terminal.screen()].filter((line) => line.startsWith("event "));
      expect(told).toEqual(events(0, n).map(({ text }) => text));
    }),
  );
});

const dpu = (name: string, change: Partial<DpuRow> = {}): DpuRow => ({
  ...{
    name,
    planes: "+++",
    role: "active",
    state: "active",
    peer: "sw1_dpu0 standby",
    bfd: "2/2",
    pending: "-",
    lost: 0,
    tone: "good",
  },
  ...change,
});
const snapshot = (dpus: readonly DpuRow[]): LabSnapshot => ({
  dpus,
  processes: [
    { name: "sw0.redis", running: true, memory: 12 << 20 },
    { name: "sw0_dpu0.hamgrd", running: false, memory: 90 << 20 },
  ],
  controller: "controller: 1 HA set",
  packets: "packets: 7 sent, 0 lost",
});
const TITLE = { story: "default", stage: "1. Launch", elapsedMs: 12_345 };
const table = (dpus: readonly DpuRow[], size: FrameSize): string[] =>
  tableLines(TITLE, snapshot(dpus), size).map(({ text }) => text);

test("a wide terminal shows every column, processes, controller and packets", () => {
  expect(table([dpu("sw0_dpu0"), dpu("sw1_dpu0", { state: "standby" })], { columns: 80, rows: 24 })).toEqual([
    `${"default: 1. Launch".padEnd(75)}12 s`,
    "DPU       Planes  Role    State    Peer              BFD  Pending  Lost/s",
    "sw0_dpu0  +++     active  active   sw1_dpu0 standby  2/2  -        0",
    "sw1_dpu0  +++     active  standby  sw1_dpu0 standby  2/2  -        0",
    "sw0.redis 12 MB       sw0_dpu0.hamgrd down",
    "controller: 1 HA set",
    "packets: 7 sent, 0 lost",
    "─".repeat(79),
  ]);
});

test("a narrow terminal loses columns, never the DPU and its state, and no line is longer than it is wide", () => {
  for (const columns of [20, 30, 40, 60]) {
    const lines = table([dpu("sw0_dpu0", { pending: "activate_role" })], { columns, rows: 24 });
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThan(columns);
    expect(lines[1]).toMatch(/^DPU +.*State/);
  }
});

test("of more DPUs than there is room for, those that are not well come first, and the rest is counted", () => {
  const dpus = Array.from({ length: 64 }, (_, i) => dpu(`d${i}`, i === 50 ? { state: "off", tone: "bad" } : {}));
  const lines = table(dpus, { columns: 80, rows: 20 });
  expect(lines.length).toBeLessThanOrEqual(16);
  expect(lines[2]).toMatch(/^d50 .* off /);
  expect(lines.find((line) => line.startsWith("… "))).toMatch(/^… \d+ more, \d+ of them active or standby$/);
});

test("a table never takes the whole terminal, however low it is", () => {
  for (const rows of [1, 2, 3, 5, 8])
    expect(table([dpu("a"), dpu("b")], { columns: 40, rows }).length).toBeLessThan(Math.max(rows, 1));
});

test("long lines are broken at blanks and indented", () => {
  expect(wrap(plain("  one two three four five"), 16).map(({ text }) => text)).toEqual([
    "  one two three",
    "    four five",
  ]);
  expect(wrap(plain("x".repeat(25)), 11).map(({ text }) => text)).toEqual([
    "x".repeat(10),
    `  ${"x".repeat(8)}`,
    `  ${"x".repeat(7)}`,
  ]);
});
