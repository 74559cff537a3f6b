import fc from "fast-check";
import { expect, test } from "vitest";
import { type Fid, fidLetter, formatFid, parseFid, typedFid } from "./fid.js";

const process16: Fid = { container: 0x7200000000000001n, key: 0x10n };

test.each([
  "0x7200000000000001:0x10",
  "7200000000000001:10",
  "<7200000000000001:10>",
  " 0x7200000000000001 : 0x10 ",
  "r|1:16",
  "r|1:0x10",
  "<r|1:020>",
])("%s is process 16", (text) => {
  expect(parseFid(text)).toEqual({ ok: true, value: process16 });
});

test.each([
  "",
  ":",
  "0x72:",
  ":0x1",
  "1:2:3",
  "-1:2",
  "0x1:0x10000000000000000",
  "1:2 trailing",
  "<1:2",
  "r|1",
  "r|0x100000000000000:1",
  "rr|1:2",
])("%j is no fid, and the error says what one looks like", (text) => {
  const fid = parseFid(text);
  expect(fid.ok).toBe(false);
  if (!fid.ok) expect(fid.error).toContain("expected CONTAINER:KEY in hex");
});

test("every fid is read back from its text", () => {
  const u64 = fc.bigInt(0n, 2n ** 64n - 1n);
  fc.assert(
    fc.property(u64, u64, (container, key) => {
      expect(parseFid(formatFid({ container, key }))).toEqual({ ok: true, value: { container, key } });
    }),
  );
});

test("the type letter sits in the container's top byte", () => {
  expect(typedFid("o", 2n, 9n)).toEqual({ container: 0x6f00000000000002n, key: 9n });
  expect(fidLetter(process16)).toBe("r");
});
