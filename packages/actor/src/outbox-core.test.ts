import { type Json, millis, seconds, seededRandom } from "@tandem/base";
import { parseServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import { expect, test } from "vitest";
import { type Dispatch, OutboxCore, type Purpose } from "./outbox-core.js";

const source = parseServicePath("r.c.n/hamgrd/0/dpu/d0");
const bridge = parseServicePath("r.c.n/hamgrd/0/swss-common-bridge/APPL_DB|T");
const peer = parseServicePath("r.c.m/hamgrd/0/vdpu/v0");

function outbox(): OutboxCore {
  let id = 0n;
  return new OutboxCore(() => ++id, seededRandom(1));
}

function row(operation: "Set" | "Del", rowKey = "k", more: Partial<Dispatch> = {}): Dispatch {
  const data = { key: rowKey, operation, field_values: {} };
  return { source, destination: bridge, key: "d0", data, purpose: "row", rowKey, ...more };
}

function message(data: Json, purpose: Purpose = "message", destination = peer): Dispatch {
  return { source, destination, key: "state", data, purpose };
}

test("newest only per source, destination, message key and row key", () => {
  const box = outbox();
  box.put(row("Set", "a"), millis(0));
  box.put(row("Set", "b"), millis(0));
  box.put(message(1), millis(0));
  box.put(message(2), millis(0));
  box.put(message(3, "message", bridge), millis(0));
  expect([...box.entries()].map(({ id }) => id)).toEqual([1n, 2n, 4n, 5n]);
});

test("a Set after an unacknowledged Del is a replace, and stays one until it is acknowledged", () => {
  const box = outbox();
  box.put(row("Del"), millis(0));
  expect(box.put(row("Set"), millis(0)).data).toMatchObject({ operation: "Set", replace: true });
  const second = box.put(row("Set"), millis(0));
  expect(second.data).toMatchObject({ replace: true });
  box.answer(second.id, SwbusErrorCode.OK, "", bridge, millis(1));
  expect(box.put(row("Set"), millis(0)).data).not.toHaveProperty("replace");
  expect(box.put(row("Del"), millis(0)).data).not.toHaveProperty("replace");
});

test("answers match by request id: one to a superseded message settles nothing", () => {
  const box = outbox();
  let settled = 0;
  const older = box.put(message(1), millis(0));
  const newer = box.put({ ...message(2), onSettled: () => settled++ }, millis(0));
  box.answer(older.id, SwbusErrorCode.OK, "", peer, millis(1));
  expect(box.size).toBe(1);
  box.answer(newer.id, SwbusErrorCode.OK, "", peer, millis(1));
  box.answer(newer.id, SwbusErrorCode.OK, "", peer, millis(1));
  expect([box.size, settled]).toEqual([0, 1]);
});

test("re-sends: 50 ms or four round trips first, then doubling with jitter to 2 s, always the same id", () => {
  const box = outbox();
  const entry = box.put(message(1), millis(0));
  const delays: number[] = [];
  let now = 0;
  for (let i = 0; i < 12; i++) {
    box.sent(entry, millis(now));
    delays.push(entry.dueAt - now);
    now = entry.dueAt;
  }
  expect(delays[0]).toBe(50);
  for (const [i, delay] of delays.entries()) {
    expect(delay).toBeLessThanOrEqual(2000);
    expect(delay).toBeGreaterThanOrEqual(Math.min(2000, 50 * 2 ** i) * 0.74);
  }
  expect(box.due(millis(now))).toEqual([entry]);
});

test("a slow link stretches the first re-send to four smoothed round trips", () => {
  const box = outbox();
  for (const sample of [100, 100, 100]) {
    const entry = box.put(message(1), millis(0));
    box.sent(entry, millis(0));
    box.answer(entry.id, SwbusErrorCode.OK, "", peer, millis(sample));
  }
  const entry = box.put(message(2), millis(0));
  box.sent(entry, millis(0));
  expect(entry.dueAt).toBe(400);
  // Destinations of another service are not affected.
  const near = box.put(row("Set"), millis(0));
  box.sent(near, millis(0));
  expect(near.dueAt).toBe(50);
});

test("an answer to a re-sent message measures nothing", () => {
  const box = outbox();
  const entry = box.put(message(1), millis(0));
  box.sent(entry, millis(0));
  box.sent(entry, millis(5000));
  box.answer(entry.id, SwbusErrorCode.OK, "", peer, millis(5400));
  const next = box.put(message(2), millis(6000));
  box.sent(next, millis(6000));
  expect(next.dueAt).toBe(6050);
});

const refusals = [
  { purpose: "message", code: SwbusErrorCode.NO_ROUTE, settles: false },
  { purpose: "row", code: SwbusErrorCode.NO_ROUTE, settles: false },
  { purpose: "goodbye", code: SwbusErrorCode.NO_ROUTE, settles: true },
  { purpose: "state", code: SwbusErrorCode.NO_ROUTE, settles: true },
  { purpose: "goodbye", code: SwbusErrorCode.FAIL, settles: false },
  { purpose: "message", code: SwbusErrorCode.QUEUE_FULL, settles: false },
] as const;
for (const { purpose, code, settles } of refusals) {
  test(`${SwbusErrorCode[code]} ${settles ? "settles" : "keeps"} a ${purpose}`, () => {
    const box = outbox();
    const heard: string[] = [];
    const onRefused = (): void => void heard.push("refused");
    const entry = box.put({ ...message(1, purpose), onRefused, onSettled: () => heard.push("settled") }, millis(0));
    box.answer(entry.id, code, "why", peer, millis(3));
    expect(heard).toEqual([settles ? "settled" : "refused"]);
    expect(box.size).toBe(settles ? 0 : 1);
    if (!settles) expect(entry.refusal).toEqual({ code, text: "why", after: 3 });
  });
}

test("a goodbye that nobody answers is given up after a minute", () => {
  const box = outbox();
  let code: SwbusErrorCode | undefined;
  box.put({ ...message(1, "goodbye"), onSettled: (settled) => (code = settled.code) }, millis(0));
  expect(box.due(seconds(59))).toHaveLength(1);
  expect(box.due(seconds(60))).toHaveLength(0);
  expect([box.size, code]).toEqual([0, SwbusErrorCode.TIMEOUT]);
});

test("a receiver that appears gets its messages at once, with a fresh back-off", () => {
  const box = outbox();
  const entry = box.put(message(1), millis(0));
  for (let i = 0; i < 6; i++) box.sent(entry, millis(0));
  box.kick(({ destination }) => destination.equals(peer), millis(10));
  expect(box.due(millis(10))).toEqual([entry]);
  box.sent(entry, millis(10));
  expect(entry.dueAt).toBe(60);
});
