import { noCrash, ok, type Result, seededRandom } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { type EdgeRuntime, parseServicePath, type SendError, SwbusErrorCode } from "@tandem/swbus/edge";
import { expect, test } from "vitest";
import { Outbox } from "./outbox.js";
import type { Refusal } from "./outbox-core.js";

const source = parseServicePath("r.c.n/hamgrd/0/a/x");
const destination = parseServicePath("r.c.n/hamgrd/0/b/y");

/** What a sender hears when the edge answers `sent`. */
function refusalOf(sent: Result<void, SendError>): Refusal | undefined {
  const edge: EdgeRuntime = {
    basePath: source.servicePath,
    connected: true,
    counts: { local: 0, sent: 0, received: 0 },
    register: () => () => {},
    send: () => sent,
    newId: () => 1n,
    onConnect: () => () => {},
    onDisconnect: () => () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const outbox = new Outbox({ edge, clock: new VirtualClock(), random: seededRandom(1), crashPoint: noCrash });
  let refusal: Refusal | undefined;
  const onRefused = (given: Refusal): void => {
    refusal = given;
  };
  outbox.post({ source, destination, key: "k", data: 1, purpose: "message", onRefused });
  expect(outbox.size).toBe(1);
  outbox.close();
  return refusal;
}

const cases: readonly { readonly error: SendError; readonly code: SwbusErrorCode; readonly text: string }[] = [
  {
    error: { kind: "notConnected", destination },
    code: SwbusErrorCode.CONNECTION_ERROR,
    text: "no connection to swbusd",
  },
  {
    error: { kind: "noRoute", destination },
    code: SwbusErrorCode.NO_ROUTE,
    text: "nothing is registered at r.c.n/hamgrd/0/b/y",
  },
  {
    error: { kind: "queueFull", destination },
    code: SwbusErrorCode.QUEUE_FULL,
    text: "r.c.n/hamgrd/0/b/y cannot take more now: its queue is full",
  },
  {
    error: { kind: "queueFull", destination, limit: 4096 },
    code: SwbusErrorCode.QUEUE_FULL,
    text: "4096 bytes already wait for swbusd",
  },
  {
    error: { kind: "tooLarge", destination, size: 9, limit: 8 },
    code: SwbusErrorCode.INVALID_PAYLOAD,
    text: "9 bytes, at most 8 can be sent",
  },
];
for (const { error, code, text } of cases)
  test(`what could not be handed over is kept, and its sender hears: ${text}`, () =>
    expect(refusalOf({ ok: false, error })).toMatchObject({ code, text }));

test("what was handed over is kept until it is answered", () => expect(refusalOf(ok())).toBeUndefined());
