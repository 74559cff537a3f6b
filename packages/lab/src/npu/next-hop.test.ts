import type { VnetRouteTunnelRow } from "@tandem/hamgrd";
import { expect, test } from "vitest";
import { type BothDown, nextHop } from "./next-hop.js";

const LOCAL = "18.0.202.1";
const REMOTE = "18.1.202.1";

const route = (change: Partial<VnetRouteTunnelRow> = {}): VnetRouteTunnelRow => ({
  endpoint: [LOCAL, "10.1.0.1"],
  endpoint_monitor: [LOCAL, REMOTE],
  primary: [LOCAL],
  pinned_state: ["none", "none"],
  ...change,
});

const cases: readonly {
  readonly rule: string;
  readonly up: readonly string[];
  readonly change?: Partial<VnetRouteTunnelRow>;
  readonly bothDown?: BothDown;
  readonly to: number | string;
}[] = [
  { rule: "both up: the preferred", up: [LOCAL, REMOTE], to: 0 },
  { rule: "exactly one up: that one", up: [REMOTE], to: 1 },
  { rule: "both down: as both up", up: [], to: 0 },
  { rule: "both down, withdrawing: no route", up: [], bothDown: "withdraw", to: "no endpoint is up" },
  { rule: "pinned down: the other", up: [LOCAL, REMOTE], change: { pinned_state: ["down", "none"] }, to: 1 },
  { rule: "pinned up beats its probe", up: [REMOTE], change: { pinned_state: ["up", "none"] }, to: 0 },
  { rule: "pinned down while the other is down too", up: [LOCAL], change: { pinned_state: ["down", "none"] }, to: 0 },
  {
    rule: "pins that match nothing: no route",
    up: [LOCAL],
    change: { pinned_state: ["up"] },
    to: "pins do not match the endpoints",
  },
  {
    rule: "no monitors: no route",
    up: [],
    change: { endpoint_monitor: [] },
    to: "monitors do not match the endpoints",
  },
  { rule: "the second is preferred", up: [LOCAL, REMOTE], change: { primary: ["10.1.0.1"] }, to: 1 },
];

for (const { rule, up, change, bothDown, to } of cases) {
  test(`next hop, ${rule}`, () => {
    const hop = nextHop(route(change), (monitor) => up.includes(monitor), "flow", bothDown ?? "asBothUp");
    expect(hop.kind === "endpoint" ? hop.index : hop.why).toBe(to);
  });
}

test("without a preference, flows spread over all usable endpoints, each flow to one", () => {
  const chosen = Array.from({ length: 100 }, (_, i) => {
    const hop = nextHop(route({ primary: [] }), () => true, `flow${i}`, "asBothUp");
    return hop.kind === "endpoint" ? hop.index : -1;
  });
  expect(new Set(chosen)).toEqual(new Set([0, 1]));
  expect(nextHop(route({ primary: [] }), () => true, "flow7", "asBothUp")).toEqual({
    kind: "endpoint",
    index: chosen[7],
  });
});
