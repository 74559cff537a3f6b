import { Metrics } from "@tandem/daemon";
import { expect, test } from "vitest";
import { watchTroubles } from "./trouble-watch.js";

test("each trouble of an end is one line, and is counted by transport and kind", async () => {
  const metrics = new Metrics();
  const lines: string[] = [];
  const watch = watchTroubles(metrics, { warn: (text) => void lines.push(text) });
  const trouble = { kind: "malformed", where: "the list", detail: "JSON was expected", found: "{" } as const;
  watch("list-pubsub")(trouble);
  watch("list-pubsub")(trouble);
  watch("shm")({ kind: "replyLost", detail: "too long" });
  expect(lines[0]).toMatch(/^list-pubsub: .*JSON was expected/);
  expect(lines).toHaveLength(3);
  const text = await metrics.text();
  expect(text).toContain('tandem_asic_channel_troubles_total{transport="list-pubsub",kind="malformed"} 2');
  expect(text).toContain('tandem_asic_channel_troubles_total{transport="shm",kind="replyLost"} 1');
});
