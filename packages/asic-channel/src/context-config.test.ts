import { expect, test } from "vitest";
import { CONTEXT_DEFAULT, parseContextConfig } from "./context-config.js";

const context = (over: object = {}) => ({
  ...{ guid: 0, name: "syncd0", dbAsic: "ASIC_DB", dbCounters: "COUNTERS_DB", dbFlex: "FLEX_COUNTER_DB" },
  ...{ dbState: "STATE_DB", switches: [{ index: 0, hwinfo: "" }], ...over },
});
const other = { guid: 1, name: "syncd1", dbAsic: "ASIC_DB1", dbCounters: "COUNTERS_DB1", dbFlex: "FLEX_COUNTER_DB1" };
const parse = (...contexts: unknown[]) => parseContextConfig(JSON.stringify({ CONTEXTS: contexts }));

test("what a context does not say is as upstream's", () => {
  expect(parse(context())).toEqual({ ok: true, value: [{ ...CONTEXT_DEFAULT, name: "syncd0" }] });
  expect(parseContextConfig("{}")).toEqual({ ok: true, value: [] });
});

test.each([
  ["[]", "must be an object"],
  ["{", "not JSON: "],
  ['{"CONTEXTS":1}', "CONTEXTS: must be an array"],
  ['{"CONTEXTS":[1]}', "CONTEXTS[0]: must be an object"],
])("%s is refused: %s", (text, expected) => {
  const parsed = parseContextConfig(text);
  expect(parsed.ok ? "" : parsed.error).toContain(expected);
});

test.each([
  [[context({ guid: 256 })], "CONTEXTS[0].guid: must be an integer from 0 to 255"],
  [[context({ dbAsic: 1 })], "CONTEXTS[0].dbAsic: must be a string"],
  [[context({ zmq_enable: "true" })], "CONTEXTS[0].zmq_enable: must be true or false"],
  [
    [
      context({
        switches: [
          { index: 0, hwinfo: "" },
          { index: 0, hwinfo: "x" },
        ],
      }),
    ],
    "CONTEXTS[0].switches[1]: index and hwinfo must each be named once",
  ],
  [[context(), context({ ...other, guid: 0 })], "CONTEXTS[1].guid: 0 is another context's"],
  [
    [context({ zmq_enable: true }), context(other)],
    "CONTEXTS[1]: tcp://127.0.0.1:5555 is another context's endpoint; CONTEXTS[1]: tcp://127.0.0.1:5556 is another context's endpoint",
  ],
  [
    [context({ guid: -1, dbAsic: 1, switches: [{ index: 0 }] }), 5],
    "CONTEXTS[0].guid: must be an integer from 0 to 255; CONTEXTS[0].dbAsic: must be a string; " +
      "CONTEXTS[0].switches[0].hwinfo: must be a string; CONTEXTS[1]: must be an object",
  ],
] as const)("%j is refused", (contexts, error) => {
  expect(parse(...contexts)).toEqual({ ok: false, error });
});

test("contexts that leave the choice to the command line, or are Redis' alone, may share an endpoint", () => {
  expect(parse(context(), context(other)).ok).toBe(true);
  expect(parse(context({ zmq_enable: false }), context({ ...other, zmq_enable: true })).ok).toBe(true);
});
