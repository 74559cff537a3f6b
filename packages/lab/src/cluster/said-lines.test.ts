import { formatLine } from "@tandem/daemon";
import { expect, test } from "vitest";
import { SaidLines } from "./said-lines.js";

const origin = { program: "hamgrd", pid: 7 };

test("errors and warnings of a daemon's log are kept as it said them, other lines are not", () => {
  const said = new SaidLines();
  for (const level of ["error", "warn", "info", "debug"] as const) {
    said.take(formatLine("plain", origin, level, 0, `dpu0: a ${level}: error: of 5`).trimEnd());
  }
  said.take("node:internal/process: error: not a line of the log");
  expect(said.lines).toEqual(["error: dpu0: a error: error: of 5", "warning: dpu0: a warn: error: of 5"]);
});

test("the newest 200 lines are kept", () => {
  const said = new SaidLines();
  for (let i = 0; i < 1000; i++) said.add("error", String(i));
  expect(said.lines).toHaveLength(200);
  expect(said.lines.at(-1)).toBe("error: 999");
});
