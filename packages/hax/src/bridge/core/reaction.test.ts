import { expect, test } from "vitest";
import { HA_TYPES } from "../../motr/message.js";
import { kindOf, REACTIONS } from "./reaction.js";

test("R5: every type of message has its reaction, as the RFC's table has it", () => {
  const strict = Object.fromEntries(Object.entries(REACTIONS).map(([kind, { strictSeed }]) => [kind, strictSeed]));
  expect(strict).toEqual({
    STOB_IOQ: "ignore",
    "NVEC GET": "answerGet",
    "NVEC SET": "passOn",
    FAILURE_VEC_REQ: "answerStub",
    FAILURE_VEC_REP: "answerStub",
    KEEPALIVE_REQ: "panic",
    KEEPALIVE_REP: "panic",
    EVENT_PROCESS: "storeEvent",
    EVENT_SERVICE: "ignore",
    EVENT_RPC: "ignore",
    BE_IO_ERR: "panic",
    SNS_ERR: "panic",
  });
});

test("by default nothing that a process sends ends hax", () => {
  expect(Object.values(REACTIONS).filter((reaction) => (reaction.default as string) === "panic")).toEqual([]);
  expect(REACTIONS.BE_IO_ERR.default).toBe("alarm");
  expect(REACTIONS.KEEPALIVE_REQ.default).toBe("answerKeepalive");
});

test("the table has one line per type, two for vectors", () => {
  const kinds = HA_TYPES.flatMap((type) =>
    type === "NVEC" ? [kindOf({ type, direction: "GET" }), kindOf({ type, direction: "SET" })] : [kindOf({ type })],
  );
  expect(kinds.sort()).toEqual(Object.keys(REACTIONS).sort());
});

test("R18: events of services are ignored in both profiles", () => {
  expect(REACTIONS.EVENT_SERVICE).toEqual({ default: "ignore", strictSeed: "ignore" });
});
