import { join } from "node:path";
import { golden } from "@tandem/base/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { NULL_FID, typedFid } from "../fid.js";
import { decodeFrame, encodeFrame, type Frame, FrameCutter } from "./frame.js";

const ios = typedFid("r", 1n, 0x10n);
const cookie = { pid: 1n, timeStart: 2n, uptime: 3n, uuid: (4n << 64n) | 5n };
const announcement = {
  request: 2n,
  link: 7n,
  process: ios,
  endpoint: "inet:tcp:10.9.8.11@21003",
  haxNext: 1n,
  peerNext: 2n,
};
const confds = [{ fid: typedFid("r", 1n, 9n), endpoint: "inet:tcp:10.9.8.11@21002" }];

const FRAMES: readonly Frame[] = [
  { kind: "hello", version: 1, name: "haxlink", cookie },
  { kind: "welcome", version: 1, name: "tandem-hax", cookie, frameMax: 131_072, window: 32, silenceMs: 15_000 },
  {
    ...{ kind: "entrypointRequest", request: 2n, endpoint: "inet:tcp:10.9.8.11@21003", process: ios, gitRev: "abc" },
    ...{ pid: 4242n, firstRequest: true, generation: 1n },
  },
  { kind: "entrypointReply", request: 2n, rc: 0, confds, quorum: 1, rmFid: typedFid("s", 1n, 10n), rmEndpoint: "rm" },
  { kind: "entrypointReply", request: 3n, rc: 11, confds: [], quorum: 0, rmFid: NULL_FID, rmEndpoint: null },
  { kind: "linkConnected", ...announcement },
  { kind: "linkReused", ...announcement, request: 0n, haxNext: 5n, peerNext: 8n },
  { kind: "linkAbsent", request: 2n },
  { kind: "message", link: 7n, tag: 2n, bytes: Uint8Array.of(1, 2, 3) },
  { kind: "delivered", link: 7n, tag: 2n },
  { kind: "notDelivered", link: 7n, tag: 1n },
  { kind: "linkDisconnecting", link: 7n, reason: "stop" },
  { kind: "disconnect", link: 7n, reason: "agreed" },
  { kind: "linkDisconnected", link: 7n, reason: "done" },
  { kind: "error", code: "version", text: "version 2", fatal: true },
  { kind: "ping" },
  { kind: "pong" },
];

test("every frame has its golden bytes, and is read back from them", () => {
  const lines = FRAMES.map((frame) => `${frame.kind} ${Buffer.from(encodeFrame(frame)).toString("hex")}\n`);
  golden(join(import.meta.dirname, "../../testdata/frames.txt"), lines.join(""));
  for (const frame of FRAMES) expect(decodeFrame(encodeFrame(frame).subarray(4))).toEqual({ ok: true, value: frame });
});

test("bytes of any kind are a frame or one error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 18 }), (bytes, kind) => {
      const frame = decodeFrame(Uint8Array.of(kind, ...bytes));
      if (!frame.ok) expect(frame.error).toMatch(/frame: /);
    }),
  );
});

test("a stream is cut into the same frames, however it comes in pieces", () => {
  const stream = new Uint8Array(Buffer.concat(FRAMES.map(encodeFrame)));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 97 }), (size) => {
      const cutter = new FrameCutter(1000);
      const frames: unknown[] = [];
      for (let at = 0; at < stream.length; at += size) {
        const cut = cutter.push(stream.subarray(at, at + size));
        if (cut.ok) for (const bytes of cut.value) frames.push(decodeFrame(bytes));
      }
      expect(frames).toEqual(FRAMES.map((value) => ({ ok: true, value })));
    }),
  );
});

test("a length beyond the bound ends the stream at once", () => {
  expect(new FrameCutter(1000).push(Uint8Array.of(0, 0, 4, 0))).toEqual({
    ok: false,
    error: "a frame of 1024 bytes: expected 1 to 1000",
  });
});
