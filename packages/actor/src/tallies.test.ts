import { expect, test } from "vitest";
import { RuntimeTallies } from "./tallies.js";

const read = (tallies: RuntimeTallies, direction: "in" | "out"): readonly string[] => {
  const lines: string[] = [];
  tallies.messages(direction, (type, prefix, count) => lines.push(`${type} ${prefix} ${count}`));
  return lines;
};

test("messages are counted by actor type and prefix of their key", () => {
  const tallies = new RuntimeTallies();
  for (const id of ["a", "b", "a"]) tallies.received("vdpu", `DPUStateUpdate|${id}`);
  tallies.received("vdpu", "VDPU");
  tallies.sent("dpu", "DPUStateUpdate|a");
  expect(read(tallies, "in")).toEqual(["vdpu DPUStateUpdate 3", "vdpu VDPU 1"]);
  expect(read(tallies, "out")).toEqual(["dpu DPUStateUpdate 1"]);
});

test("keys without end are counted together: memory is bounded, and no message is lost from the count", () => {
  const tallies = new RuntimeTallies();
  for (let n = 0; n < 10_000; n++) tallies.received("dpu", `k${n}`);
  const counts = read(tallies, "in").map((line) => line.split(" ") as [string, string, string]);
  expect(counts).toHaveLength(4097);
  expect(counts.reduce((sum, [, , count]) => sum + Number(count), 0)).toBe(10_000);
});
