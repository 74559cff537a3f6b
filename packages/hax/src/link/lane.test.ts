import { expect, test } from "vitest";
import { Lane } from "./lane.js";

test("what is done out of turn is acknowledged in turn: who repeats what is not acknowledged repeats no gap", () => {
  const lane = new Lane(1n, 2n);
  for (const tag of [2n, 4n, 6n, 8n]) expect(lane.arrive(tag, 32)).toBe("new");
  expect(lane.acknowledge(4n)).toEqual([]);
  expect(lane.acknowledge(8n)).toEqual([]);
  expect(lane.arrive(4n, 32)).toBe("repeated");
  expect(lane.acknowledge(2n)).toEqual([2n, 4n]);
  expect([lane.owed, lane.lastAcknowledged]).toEqual([2, 4n]);
  expect(lane.acknowledge(6n)).toEqual([6n, 8n]);
  expect(lane.acknowledge(6n)).toEqual([]);
  expect(lane.arrive(6n, 32)).toBe("acknowledged");
});
