import { expect, test } from "vitest";
import { renderAudit, renderObjectCounts, renderObjects, renderPending, renderQueues } from "./asic.js";

const PORT = {
  type: "SAI_OBJECT_TYPE_PORT",
  id: "oid:0x1000000000001",
  rid: "oid:0xaa01000000000001",
  attributes: { SAI_PORT_ATTR_MTU: "9100" },
};

test("queues are a table; a list knows no age", () => {
  const list = {
    name: "LIST",
    kind: "list",
    transport: "list-pubsub",
    entries: 2,
    pending: 0,
    oldest: undefined,
    bytes: 1,
  } as const;
  const stream = {
    name: "STREAM",
    kind: "stream",
    transport: "streams",
    entries: 3,
    pending: 1,
    oldest: 8500,
    bytes: 2048,
  } as const;
  expect(renderQueues([list, stream], 10_000)).toBe(
    [
      "queue   transport    entries  pending  oldest  KiB",
      "LIST    list-pubsub  2        -        -       1",
      "STREAM  streams      3        1        1.5 s   2",
      "",
    ].join("\n"),
  );
});

test("objects are counted by type, or shown with their attributes", () => {
  expect(renderObjectCounts([PORT, PORT])).toBe("type  objects\nPORT  2\n\n2 objects\n");
  expect(renderObjects([PORT])).toBe(
    "PORT oid:0x1000000000001   oid:0xaa01000000000001 of the ASIC\n    MTU 9100\n1 object\n",
  );
});

test("what is begun, and the view that is being built, are plain sentences", () => {
  const calm = { request: undefined, steps: 0, view: "apply", collected: 0, firstRun: false, boot: "" } as const;
  expect(renderPending(calm)).toBe("nothing is begun: every request is settled\n");
  const request = { op: "notify", key: "APPLY_VIEW", id: "r1", objects: 1 };
  expect(
    renderPending({ ...calm, request, steps: 2, view: "init", collected: 3, boot: "a view was applied in part" }),
  ).toBe(
    [
      "begun: notify APPLY_VIEW (1 object, request r1)",
      "  2 steps of the view change done",
      "a view is being built: 3 objects so far",
      "the next start boots the ASIC anew: a view was applied in part",
      "",
    ].join("\n"),
  );
});

test("an audit says that nothing differs, or what does", () => {
  expect(renderAudit({ compared: 7, findings: [] })).toBe("no drift: 7 rows compared with the ASIC\n");
  const key = "SAI_OBJECT_TYPE_PORT:oid:0x1";
  const findings = [
    { key, kind: "notInAsic", text: "" },
    { key, kind: "differs", attribute: "SAI_PORT_ATTR_MTU", row: "9100", asic: "1514", text: "" },
  ] as const;
  expect(renderAudit({ compared: 7, findings })).toBe(
    [
      "not in the ASIC   PORT:oid:0x1",
      "differs   PORT:oid:0x1",
      "    SAI_PORT_ATTR_MTU   row 9100   ASIC 1514",
      "",
      "2 of 7 rows compared",
      "",
    ].join("\n"),
  );
});
