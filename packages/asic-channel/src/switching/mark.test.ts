import { ok } from "@tandem/base";
import { describe, expect, test } from "vitest";
import { clientStep, startsOn } from "./client-step.js";
import { decodeMark, type Mark } from "./mark.js";
import { progressOf } from "./switch-progress.js";

const EMPTY: Mark = {
  ...{ transport: undefined, generation: 0, serves: [], mode: undefined, followed: 0 },
  ...{ wish: undefined, refused: undefined, waited: undefined },
};
const WISH = { id: "w", to: "grpc", by: "somebody", ready: true, step: "" } as const;

describe("what stands in the mark", () => {
  test("no hash is a channel that nobody has used or moved", () => {
    expect(decodeMark(new Map(), 0)).toEqual(ok(EMPTY));
  });

  test("a wish counts until its time by Redis' clock", () => {
    const fields = new Map(
      Object.entries({
        ...{ transport: "streams", generation: "3", serves: "streams,grpc", mode: "sync", followed: "3", waited: "12" },
        ...{ wish: "w", to: "grpc", by: "somebody", until: "1000", ready: "1", step: "to open grpc" },
      }),
    );
    const mark = {
      ...{ transport: "streams", generation: 3, serves: ["streams", "grpc"], mode: "sync", followed: 3 },
      ...{ refused: undefined, waited: 12 },
    };
    expect(decodeMark(fields, 999)).toEqual(ok({ ...mark, wish: { ...WISH, step: "to open grpc" } }));
    expect(decodeMark(fields, 1000)).toEqual(ok({ ...mark, wish: undefined }));
  });

  for (const [field, value] of [
    ["transport", "carrier pigeon"],
    ["generation", "-1"],
    ["serves", "streams,smoke"],
    ["mode", "later"],
    ["followed", "x"],
  ] as const)
    test(`a ${field} that is none is one error which names it`, () => {
      const decoded = decodeMark(new Map([[field, value]]), 0);
      expect(decoded).toMatchObject({ ok: false, error: expect.stringContaining(`TANDEM_ASIC_CHANNEL: ${field} is `) });
    });
});

describe("what a client does about the mark", () => {
  const mark: Mark = { ...EMPTY, transport: "streams", serves: ["streams"], mode: "sync" };
  const place = { transport: "streams", generation: 0, claimed: true } as const;
  const cases = [
    { rule: "it is content where it is", place, mark, step: { kind: "nothing" } },
    { rule: "it takes the claim first", place: { ...place, claimed: false }, mark, step: { kind: "claim" } },
    {
      rule: "it is not its channel where a gateway serves it",
      place: { ...place, transport: "zmq" },
      mark,
      step: { kind: "nothing" },
    },
    { rule: "it says what it uses", place, mark: { ...mark, transport: undefined }, step: { kind: "begin" } },
    {
      rule: "it waits until syncd is ready",
      place,
      mark: { ...mark, wish: { ...WISH, ready: false } },
      step: { kind: "nothing" },
    },
    { rule: "then it moves", place, mark: { ...mark, wish: WISH }, step: { kind: "move", wish: WISH } },
    {
      rule: "it puts back what Redis forgot",
      place: { ...place, generation: 2 },
      mark: { ...EMPTY },
      step: { kind: "raise" },
    },
    {
      ...{ rule: "it goes where it was moved while it did not look", place },
      mark: { ...mark, generation: 4, transport: "grpc" },
      step: { kind: "catchUp", to: "grpc", generation: 4 },
    },
  ] as const;
  for (const { rule, place: at, mark: seen, step } of cases)
    test(rule, () => expect(clientStep(at, seen as Mark)).toEqual(step));

  test("it begins as it was told until the channel is moved, and where another process serves that", () => {
    expect(startsOn(undefined, EMPTY)).toEqual({ transport: "streams", generation: 0 });
    expect(startsOn("zmq", { ...mark, transport: "grpc" })).toEqual({ transport: "zmq", generation: 0 });
    const moved: Mark = { ...mark, generation: 1, transport: "grpc", serves: ["streams", "grpc"] };
    expect(startsOn("streams", moved)).toEqual({ transport: "grpc", generation: 1 });
    expect(startsOn(undefined, moved)).toEqual({ transport: "grpc", generation: 1 });
    expect(startsOn("list-pubsub", moved)).toEqual({ transport: "list-pubsub", generation: 0 });
  });
});

test("a command knows how far its move is, and whom it waits for", () => {
  const asked = { id: "w", to: "grpc", generation: 0 } as const;
  const both = { client: "gateway", syncd: "syncd" };
  const mark: Mark = { ...EMPTY, transport: "streams", wish: { ...WISH, ready: false } };
  expect(progressOf(asked, mark, both)).toEqual({ kind: "waits", for: "syncd to open grpc" });
  expect(progressOf(asked, { ...mark, wish: { ...WISH, step: "to open grpc" } }, both)).toEqual({
    kind: "waits",
    for: "gateway to open grpc",
  });
  expect(progressOf(asked, { ...mark, wish: WISH }, { ...both, client: undefined })).toEqual({
    kind: "waits",
    for: "the client, which is gone, to see the wish",
  });
  const moved: Mark = { ...EMPTY, transport: "grpc", generation: 1, waited: 3 };
  expect(progressOf(asked, moved, both)).toEqual({ kind: "waits", for: "syncd to turn to grpc" });
  expect(progressOf(asked, { ...moved, followed: 1 }, both)).toEqual({ kind: "moved", waited: 3 });
  expect(progressOf(asked, { ...EMPTY, refused: { id: "w", reason: "no" } }, both)).toEqual({
    kind: "refused",
    reason: "no",
  });
  expect(progressOf(asked, { ...EMPTY, refused: { id: "v", reason: "no" } }, both)).toEqual({ kind: "over" });
});
