import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeStatusMessage, encodeStatusMessage, statusOf, statusOfHttp, statusOfReset } from "./status.js";

test("a status message survives its percent-encoding, and travels as printable ASCII", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const wire = encodeStatusMessage(text);
      expect(wire).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeStatusMessage(wire)).toBe(Buffer.from(text, "utf8").toString("utf8"));
    }),
  );
});

test("the escapes are those of gRPC", () => {
  expect(encodeStatusMessage("100% ü\n~")).toBe("100%25 %C3%BC%0A~");
});

test("a sloppy encoder is understood as far as possible", () => {
  expect(decodeStatusMessage("50% of %zz %4")).toBe("50% of %zz %4");
  expect(decodeStatusMessage("%ff")).toBe("\ufffd");
  expect(() =>
    fc.assert(fc.property(fc.string(), (text) => typeof decodeStatusMessage(text) === "string")),
  ).not.toThrow();
});

describe("the status in trailers", () => {
  test("is code and message", () => {
    expect(statusOf({ "grpc-status": "3", "grpc-message": "no%20way" })).toEqual({ code: 3, detail: "no way" });
    expect(statusOf({ "grpc-status": "0" })).toEqual({ code: 0, detail: "" });
  });
  test("is UNKNOWN when missing or odd", () => {
    for (const headers of [{}, { "grpc-status": "x" }, { "grpc-status": "-1" }, { "grpc-status": ["1"] }])
      expect(statusOf(headers)).toEqual({ code: 2, detail: "the peer gave no grpc-status" });
  });
});

test("HTTP statuses and resets map as gRPC says", () => {
  expect([400, 401, 403, 404, 429, 502, 503, 504, 500].map(statusOfHttp)).toEqual([13, 16, 7, 12, 14, 14, 14, 14, 2]);
  expect([0, 1, 7, 8, 11, 12].map(statusOfReset)).toEqual([13, 13, 14, 1, 8, 7]);
});
