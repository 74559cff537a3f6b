import { seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { Progress } from "./progress.js";

function listen(terminal: boolean) {
  const shown: string[] = [];
  const complaints: string[] = [];
  const io = { out: () => {}, complain: (line: string) => complaints.push(line) };
  return { shown, complaints, io: terminal ? { ...io, progress: (line: string) => shown.push(line) } : io };
}

test("without a terminal a line tells every ten seconds how far it is", async () => {
  const clock = new VirtualClock();
  const { io, complaints } = listen(false);
  const progress = new Progress(io, () => `at ${clock.monotonic()}`, clock);
  progress.moved();
  expect(complaints).toEqual([]);
  await clock.advance(seconds(25));
  expect(complaints).toEqual(["tandem sim: at 10000", "tandem sim: at 20000"]);
  progress[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

test("a terminal shows it in place, and nothing is left there in the end", async () => {
  const clock = new VirtualClock();
  const { io, shown, complaints } = listen(true);
  const progress = new Progress(io, () => `at ${clock.monotonic()}`, clock);
  progress.moved();
  await clock.advance(seconds(1));
  progress[Symbol.dispose]();
  expect(shown).toEqual(["at 0", "at 1000", ""]);
  expect(complaints).toEqual([]);
});
