import { expect, test } from "vitest";
import { statusText } from "../bridge/core/event-book.js";
import { type Stored, verdictOf } from "./verdict.js";

const started: Stored = { text: statusText("STARTED", "M0D") };

test.each([
  ["R21: started and alive", started, [42], "passing"],
  ["R21: a stale value is never green", started, [], "critical"],
  ["starting", { text: statusText("STARTING", "M0D") }, [42], "warning"],
  ["stopped, yet alive", { text: statusText("STOPPED", "M0D") }, [42], "critical"],
  ["nothing stored", { text: undefined }, [42], "warning"],
  ["not JSON", { text: "online" }, [42], "warning"],
  ["Consul away, alive", { unknown: "500" }, [42], "warning"],
  ["Consul away, dead", { unknown: "500" }, [], "critical"],
] as const)("%s", (_, stored, alive, verdict) => {
  expect(verdictOf(stored, alive).verdict).toBe(verdict);
});
