import { readFileSync } from "node:fs";
import { join } from "node:path";
import { unwrap } from "@tandem/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Fid, NULL_FID, parseFid, typedFid } from "../fid.js";
import { arbitraryMessage } from "../testing/arbitrary.js";
import { decodeHaMessage, encodeHaMessage, HA_MESSAGE_SIZE_MAX, withTag } from "./codec.js";
import {
  decodeEntrypointReply,
  decodeEntrypointRequest,
  decodeLinkFop,
  decodeLinkReply,
  encodeEntrypointReply,
  encodeEntrypointRequest,
  encodeLinkFop,
  encodeLinkReply,
  type LinkParams,
  type ProcessCookie,
} from "./fops.js";
import type { HaData, HaMessage } from "./message.js";

/** What libmotr wrote: hex, and runs of zeros. */
interface Vector {
  readonly name: string;
  readonly size: number;
  readonly bytes: readonly (string | { readonly zeros: number })[];
}

const VECTORS = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../testdata/motr-ha.json"), "utf8"),
) as readonly Vector[];

function vector(name: string): Uint8Array {
  const found = VECTORS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no vector ${name}`);
  const bytes = Buffer.concat(
    found.bytes.map((part) => (typeof part === "string" ? Buffer.from(part, "hex") : Buffer.alloc(part.zeros))),
  );
  expect(bytes.length).toBe(found.size);
  return new Uint8Array(bytes);
}

const fid = (text: string): Fid => unwrap(parseFid(text));
const note = (text: string, state: "UNKNOWN" | "ONLINE" | "FAILED") => ({ fid: fid(text), state });
const golden = (data: HaData): HaMessage => ({
  ...{ fid: fid("r|1:0x10"), sourceProcess: fid("r|2:0x20"), sourceService: fid("s|3:0x30") },
  ...{ time: 0x1122334455667788n, epoch: 5n, tag: 7n, data },
});
const pool = fid("o|2:9");
const cookie = { address: 0x1234n, generation: 0x5678n };
const keepAlive = (81985529216486895n << 64n) | 0xfedcba9876543210n;

const MESSAGES: readonly (readonly [string, HaData])[] = [
  ["EVENT_PROCESS", { type: "EVENT_PROCESS", event: "STOPPING", processType: "KERNEL", pid: 4242n }],
  ["EVENT_RPC", { type: "EVENT_RPC", attempts: 3n, state: "FAILED" }],
  ["KEEPALIVE_REQ", { type: "KEEPALIVE_REQ", id: keepAlive }],
  ["FAILURE_VEC_REQ", { type: "FAILURE_VEC_REQ", pool, cookie }],
  ["FAILURE_VEC_REP empty", { type: "FAILURE_VEC_REP", pool, cookie, notes: [] }],
  [
    "NVEC GET of 3",
    {
      ...{ type: "NVEC", direction: "GET", idOfGet: 100n, ignoreSameState: false },
      notes: [note("r|1:0x10", "UNKNOWN"), note("s|1:0x12", "UNKNOWN"), note("r|1:0x999", "UNKNOWN")],
    },
  ],
  [
    "NVEC SET of 2",
    {
      ...{ type: "NVEC", direction: "SET", idOfGet: 100n, ignoreSameState: true },
      notes: [note("r|1:0x10", "ONLINE"), note("n|1:0x3", "FAILED")],
    },
  ],
  ["BE_IO_ERR", { type: "BE_IO_ERR", errcode: 5, location: "LOG", opcode: "WRITE" }],
];

test.each(MESSAGES)("%s has libmotr's own bytes", (name, data) => {
  const message = golden(data);
  const bytes = encodeHaMessage(message);
  expect(Buffer.from(bytes).toString("hex")).toBe(Buffer.from(vector(name)).toString("hex"));
  expect(decodeHaMessage(bytes)).toEqual({ ok: true, value: message });
});

test("the event of a process that started is the 104 bytes that libmotr sends", () => {
  const message: HaMessage = {
    ...{ fid: fid("r|1:0x10"), sourceProcess: NULL_FID, sourceService: NULL_FID },
    ...{ time: 0x1122334455667788n, epoch: 0n, tag: 2n },
    data: { type: "EVENT_PROCESS", event: "STARTED", processType: "M0D", pid: 4242n },
  };
  const expected = `0100000000000072 1000000000000000 0000000000000000 0000000000000000 0000000000000000 0000000000000000 8877665544332211
    0000000000000000 0700000000000000 0100000000000000 0300000000000000 9210000000000000 0200000000000000`;
  expect(Buffer.from(encodeHaMessage(message)).toString("hex")).toBe(expected.replace(/\s/g, ""));
});

const SIZES: readonly (readonly [number, HaData])[] = [
  [
    172,
    {
      ...{
        type: "STOB_IOQ",
        confSdev: fid("d|1:0x13"),
        stobId: { domainFid: pool, fid: pool },
        fd: 3n,
        opcode: "READ",
      },
      ...{ rc: -5n, offset: 4096n, size: 512n, bshift: 12 },
    },
  ],
  [20_592, { type: "NVEC", direction: "SET", idOfGet: 0n, ignoreSameState: true, notes: [note("r|1:1", "ONLINE")] }],
  [112, { type: "FAILURE_VEC_REQ", pool, cookie }],
  [
    20_596,
    { type: "FAILURE_VEC_REP", pool, cookie, notes: Array.from({ length: 1024 }, () => note("r|1:1", "FAILED")) },
  ],
  [96, { type: "KEEPALIVE_REQ", id: 1n }],
  [104, { type: "KEEPALIVE_REP", id: 1n, counter: 2n }],
  [104, { type: "EVENT_PROCESS", event: "DTM_RECOVERED", processType: "M0D", pid: 1n }],
  [104, { type: "EVENT_SERVICE", event: "FAILED", serviceType: "DTM0", pid: 1n }],
  [96, { type: "EVENT_RPC", attempts: 1n, state: "TRANSIENT" }],
  [86, { type: "BE_IO_ERR", errcode: 5, location: "SEGMENT_2", opcode: "SYNC" }],
  [85, { type: "SNS_ERR", errcode: 5, opcode: 3 }],
];

test.each(SIZES)("a message has %d bytes, as libmotr measures: %o", (size, data) => {
  const bytes = encodeHaMessage(golden(data));
  expect(bytes.length).toBe(size);
  expect(bytes.length).toBeLessThanOrEqual(HA_MESSAGE_SIZE_MAX);
  expect(decodeHaMessage(bytes)).toEqual({ ok: true, value: golden(data) });
});

test("every message is read back from its bytes, 64-bit fids and all", () => {
  fc.assert(
    fc.property(arbitraryMessage, (message) => {
      expect(decodeHaMessage(encodeHaMessage(message))).toEqual({ ok: true, value: message });
    }),
  );
});

test("a tag is exchanged in the bytes alone", () => {
  fc.assert(
    fc.property(arbitraryMessage, fc.bigInt(0n, 2n ** 64n - 1n), (message, tag) => {
      expect(withTag(encodeHaMessage(message), tag)).toEqual(encodeHaMessage({ ...message, tag }));
    }),
  );
});

test("bytes of any kind are a message or one error, and whatever is read is what is written", () => {
  const broken = fc.tuple(arbitraryMessage, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([message, at, value]) => {
    const bytes = encodeHaMessage(message);
    bytes[at % bytes.length] = value;
    return bytes.subarray(0, value % 7 === 0 ? at % bytes.length : bytes.length);
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), broken), (bytes) => {
      const message = decodeHaMessage(bytes);
      if (message.ok) expect(decodeHaMessage(encodeHaMessage(message.value))).toEqual(message);
      else expect(message.error).toMatch(/^HA message: /);
    }),
  );
});

test.each([
  ["of type 0", 64, 0, "type 0: expected 1 to 11"],
  ["of type 12", 64, 12, "type 12: expected 1 to 11"],
  ["of an event that is none", 72, 5, "event 5: expected 0 to 4"],
])("a message %s is refused by the name of its field", (_, at, value, fault) => {
  const bytes = encodeHaMessage(golden({ type: "EVENT_PROCESS", event: "STARTING", processType: "M0D", pid: 1n }));
  bytes[at] = value;
  expect(decodeHaMessage(bytes)).toEqual({ ok: false, error: `HA message: ${fault}` });
});

test("a vector of more notes than its array holds is refused", () => {
  const bytes = vector("NVEC SET of 2");
  new DataView(bytes.buffer).setBigUint64(96, 1025n, true);
  expect(decodeHaMessage(bytes)).toEqual({ ok: false, error: "HA message: nr 1025: expected at most 1024 notes" });
});

const NO_TAGS = { confirmed: 0n, delivered: 0n, next: 0n, assign: 0n };
const NO_PARAMS: LinkParams = { idLocal: 0n, idRemote: 0n, idConnection: 0n, tagsLocal: NO_TAGS, tagsRemote: NO_TAGS };
const NO_COOKIE: ProcessCookie = { pid: 0n, timeStart: 0n, uptime: 0n, uuid: 0n };

test("the entrypoint request has libmotr's own bytes", () => {
  const fop = {
    ...{ firstRequest: true, generation: 6n, process: fid("r|1:0x10"), gitRev: "deadbeef", pid: 4242n },
    linkParams: { ...NO_PARAMS, idLocal: (1n << 64n) | 2n, tagsLocal: { ...NO_TAGS, confirmed: 3n } },
    cookieExpected: NO_COOKIE,
  };
  expect(encodeEntrypointRequest(fop)).toEqual(vector("entrypoint request fop"));
  expect(decodeEntrypointRequest(vector("entrypoint request fop"))).toEqual({ ok: true, value: fop });
  expect(encodeEntrypointRequest({ ...fop, gitRev: "" })).toHaveLength(196);
});

test("the entrypoint reply has libmotr's own bytes", () => {
  const fop = {
    quorum: 2,
    confds: [
      { fid: fid("r|1:9"), endpoint: "inet:tcp:10.9.8.21@21002" },
      { fid: fid("r|1:0x49"), endpoint: "inet:tcp:10.9.8.22@21002" },
    ],
    ...{ rmFid: fid("s|1:0x4a"), rmEndpoint: "inet:tcp:10.9.8.22@21002", control: "QUIT" as const },
    ...{ linkParams: NO_PARAMS, doReconnect: false, disconnectedPreviously: false },
    cookieActual: { ...NO_COOKIE, pid: 77n },
  };
  expect(encodeEntrypointReply(fop)).toEqual(vector("entrypoint reply fop"));
  expect(decodeEntrypointReply(vector("entrypoint reply fop"))).toEqual({ ok: true, value: fop });
  expect(encodeEntrypointReply({ ...fop, confds: [], rmEndpoint: "" })).toHaveLength(204);
});

test("a link fop has 20672 bytes with a vector and 160 without, its reply 20", () => {
  const ids = { idLocal: 1n, idRemote: 2n, idConnection: 3n, outNext: 4n, inDelivered: 2n, seq: 9n };
  const message = golden(SIZES[1]?.[1] as HaData);
  for (const [size, fop] of [
    [20_672, { ...ids, message }],
    [160, { ...ids, message: undefined }],
  ] as const) {
    expect(encodeLinkFop(fop)).toHaveLength(size);
    expect(decodeLinkFop(encodeLinkFop(fop))).toEqual({ ok: true, value: fop });
  }
  const reply = { rc: -67, outNext: 5n, inDelivered: 6n };
  expect(encodeLinkReply(reply)).toHaveLength(20);
  expect(decodeLinkReply(encodeLinkReply(reply))).toEqual({ ok: true, value: reply });
});

test("fops of any bytes are read or refused, never thrown at", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      for (const decode of [decodeEntrypointReply, decodeEntrypointRequest, decodeLinkFop, decodeLinkReply])
        expect(typeof decode(bytes).ok).toBe("boolean");
    }),
  );
  expect(typedFid("r", 1n, 0x10n)).toEqual(fid("r|1:0x10"));
});
