import { expect, test } from "vitest";
import { busAddress } from "./bus-session.js";
import type { Invocation, Io } from "./io.js";

const io = (env: Io["env"]): Io => ({
  print: () => {},
  complain: () => {},
  env,
  colours: false,
  signal: new AbortController().signal,
});
const words = (options: Invocation["options"] = {}): Invocation => ({ args: [], options });

test("the slot comes from DEV as in swbus-cli; a flag or a file goes before it", () => {
  expect(busAddress(words(), io({ DEV: "dpu1" }))).toMatchObject({ ok: true, value: { slot: 1 } });
  expect(busAddress(words({ slotId: 3 }), io({ DEV: "dpu1" }))).toMatchObject({ ok: true, value: { slot: 3 } });
  const file = busAddress(words({ configFile: "f.yaml" }), io({ DEV: "dpu1" }));
  expect(file).toMatchObject({ ok: true, value: { slot: undefined, configFile: "f.yaml" } });
});

test("a DEV that names no slot is wrong usage, not a crash", () => {
  for (const device of ["", "d", "dpu", "dpux", "dpu1234"]) {
    expect(busAddress(words(), io({ DEV: device }))).toMatchObject({ ok: false, error: { kind: "usage" } });
  }
});
