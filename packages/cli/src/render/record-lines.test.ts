import { expect, test } from "vitest";
import { parseRecordLines } from "./record-lines.js";

const STEP = {
  process: "r.c.sw0-dpu0/hamgrd/0",
  ...{ n: 4, actor: "dpu/d", incarnation: 1, at: 1000, delivered: 1, decided: 2, reason: "up", saw: [], did: [] },
  trace: { id: "t", cause: "start", at: 1000, received: 0, decoded: 0 },
  rows: [{ row: "APPL_DB|T|k", op: "set", step: 4 }],
};
const line = (kind: string, json: unknown): string => `2026-01-01T00:00:00.000Z|${kind}|${JSON.stringify(json)}`;

test("a record file gives its steps, each row as far as its last line says", () => {
  const row = { process: STEP.process, actor: "dpu/d", row: "APPL_DB|T|k", op: "set", step: 4, sent: 3, acked: 5 };
  const parsed = parseRecordLines([line("step", STEP), line("row", row), line("row", { ...row, step: 99 }), ""]);
  expect(parsed).toMatchObject({
    ok: true,
    value: [{ process: STEP.process, steps: [{ n: 4, rows: [{ row: "APPL_DB|T|k", sent: 3, acked: 5 }] }] }],
  });
});

test("a flight gives its steps by process", () => {
  const lines = [
    '{"schema":"tandem.flight.v1","exported":"x","sum":"0"}',
    '{"process":{"process":"r.c.sw0-dpu0/hamgrd/0","slot":"dpu0"},"sum":"1"}',
    JSON.stringify({ value: [1, {}] }),
    JSON.stringify({ step: { n: 4, summary: STEP } }),
    '{"end":{"steps":1},"sum":"2"}',
  ];
  expect(parseRecordLines(lines)).toMatchObject({ ok: true, value: [{ process: STEP.process, steps: [{ n: 4 }] }] });
});

test("a last line that is being written is left out; lost marks and other kinds are passed over", () => {
  const lines = ["2026-01-01T00:00:00.000Z|lost|3 lines", line("step", STEP), line("step", STEP).slice(0, 60)];
  expect(parseRecordLines(lines)).toMatchObject({ ok: true, value: [{ steps: [{ n: 4 }] }] });
});

const bad = [
  { lines: ["hello", "x"], says: "line 1: expected a record file or a flight of Tandem" },
  { lines: [""], says: "line 1: expected a record file or a flight of Tandem" },
  {
    lines: [line("step", STEP), line("step", { ...STEP, trace: 1 }), line("step", STEP)],
    says: "line 2: expected a step",
  },
  {
    lines: [line("step", STEP), line("step", STEP).slice(0, 60), line("step", STEP)],
    says: "line 2: expected a JSON object",
  },
];
for (const { lines, says } of bad) {
  test(`${JSON.stringify(lines[0]?.slice(0, 20))} and ${lines.length - 1} more: ${says}`, () => {
    expect(parseRecordLines(lines)).toEqual({ ok: false, error: says });
  });
}
