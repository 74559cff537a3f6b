import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AttributeSchema, ReplySchema, SaiRequestSchema, SaiResponseSchema } from "../gen/sai_pb.js";
import { encodeSaiReply, encodeSaiRequest, readSaiReply, readSaiRequest } from "./fast-wire.js";
import { replyMessage, requestMessage } from "./wire.js";

/** Attributes of each kind that has a type of its own on the wire, and some that have none. */
const KNOWN = [
  ["SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION", "SAI_PACKET_ACTION_FORWARD"],
  ["SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", "oid:0x4000000000012"],
  ["SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", "oid:0x0"],
  ["SAI_ROUTE_ENTRY_ATTR_META_DATA", "4294967295"],
  ["SAI_ROUTE_ENTRY_ATTR_META_DATA", "0"],
  ["NULL", "NULL"],
] as const;
const field = fc.oneof(
  fc.constantFrom(...KNOWN),
  fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary", maxLength: 300 })),
);
const fields = fc.array(field, { maxLength: 6 });
const ROUTE =
  'SAI_OBJECT_TYPE_ROUTE_ENTRY:{"dest":"10.0.0.0/24","switch_id":"oid:0x21000000000000","vr":"oid:0x3000000000004"}';
const PORT = [
  ["SAI_PORT_ATTR_ADMIN_STATE", "true"],
  ["SAI_PORT_ATTR_ADMIN_STATE", "false"],
  ["SAI_PORT_ATTR_MTU", "9100"],
  ["SAI_PORT_ATTR_HW_LANE_LIST", "2:1,2"],
] as const;

const sent = fc.record({
  id: fc.string({ unit: "binary", maxLength: 200 }),
  request: fc.record({
    op: fc.constantFrom("create", "set"),
    key: fc.constantFrom(ROUTE, "SAI_OBJECT_TYPE_PORT:oid:0x1"),
    fields,
  }),
  repeated: fc.boolean(),
  unanswered: fc.boolean(),
});

test("a request is written as the generated code writes it, and read back", () => {
  fc.assert(
    fc.property(sent, (each) => {
      const bytes = encodeSaiRequest(each as never);
      expect(Buffer.from(bytes).equals(toBinary(SaiRequestSchema, requestMessage(each as never)))).toBe(true);
      const { op, key, fields } = each.request;
      const read = readSaiRequest(bytes);
      // Where a name or a text is missing the generated code decides.
      if (read !== undefined) expect(read).toEqual({ ...each, request: undefined, op, text: key, fields });
      else expect(fields.some(([name, text]) => name === "" || text === "")).toBe(true);
    }),
  );
});

test("a reply is written as the generated code writes it, and read back; values of every kind", () => {
  const reply = { op: "getresponse", status: "SAI_STATUS_SUCCESS", fields: PORT } as const;
  const bytes = encodeSaiReply("e:1", "SAI_OBJECT_TYPE_PORT", reply);
  const body = { case: "reply", value: replyMessage("e:1", "SAI_OBJECT_TYPE_PORT", reply) } as const;
  expect(Buffer.from(bytes).equals(toBinary(SaiResponseSchema, create(SaiResponseSchema, { body })))).toBe(true);
  // Lists are left to the generated code.
  expect(readSaiReply(bytes)).toBeUndefined();
  const fields = PORT.slice(0, 3);
  const read = readSaiReply(encodeSaiReply("e:1", "SAI_OBJECT_TYPE_PORT", { ...reply, fields }));
  expect(read).toMatchObject({ id: "e:1", op: "getresponse", text: "SAI_STATUS_SUCCESS", fields });
});

test("what is not the usual is left to the generated code: values without text, other responses, other fields", () => {
  const value = { case: "objectId", value: 5n } as const;
  const attributes = [create(AttributeSchema, { name: "A", value })];
  const valueOnly = toBinary(SaiRequestSchema, create(SaiRequestSchema, { id: "1", op: "set", key: "K", attributes }));
  expect(readSaiRequest(valueOnly)).toBeUndefined();
  const received = create(SaiResponseSchema, { body: { case: "received", value: "1" } });
  expect(readSaiReply(toBinary(SaiResponseSchema, received))).toBeUndefined();
  expect(readSaiReply(toBinary(ReplySchema, create(ReplySchema, { id: "1" })))).toBeUndefined();
});

test("what is read is what the generated code reads, or nothing, whatever the bytes", () => {
  const whole = encodeSaiRequest({
    ...{ id: "e:1", repeated: true, unanswered: false },
    request: { op: "create", key: ROUTE, fields: KNOWN },
  });
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (place, byte, length) => {
      const bytes = Uint8Array.prototype.slice.call(whole, 0, length);
      bytes[place] = byte;
      const read = readSaiRequest(bytes);
      if (read === undefined) return;
      const message = fromBinary(SaiRequestSchema, bytes);
      expect({ id: read.id, op: read.op, key: read.text }).toEqual({
        id: message.id,
        op: message.op,
        key: message.key,
      });
      expect(read.fields).toEqual(message.attributes.map(({ name, text }) => [name, text]));
    }),
    { numRuns: 2000 },
  );
});
