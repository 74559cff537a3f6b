import { isUtf8 } from "node:buffer";

/**
 * Every key, field and value is a JavaScript string, whatever its bytes: bytes that are valid UTF-8 are that text; in
 * other values each byte that belongs to no valid sequence 0x80–0xff becomes the lone surrogate U+DC80–U+DCFF (the
 * mapping that Python calls surrogateescape, PEP 383). `decodeText` and `encodeText` are exact inverses on all bytes.
 */
export function decodeText(bytes: Uint8Array): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) return buffer.toString("utf8");
  let text = "";
  let i = 0;
  while (i < bytes.length) {
    const length = sequenceLength(bytes, i);
    if (length === 0) {
      text += String.fromCharCode(0xdc00 + (bytes[i] as number));
      i += 1;
    } else {
      text += buffer.toString("utf8", i, i + length);
      i += length;
    }
  }
  return text;
}

/** The bytes of `text`. A lone surrogate outside U+DC80–U+DCFF becomes U+FFFD, as in any UTF-8 encoder. */
export function encodeText(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(i + 1))) {
      i += 1;
    } else if (unit >= 0xdc80 && unit <= 0xdcff) {
      if (i > from) parts.push(Buffer.from(text.slice(from, i), "utf8"));
      parts.push(Buffer.of(unit - 0xdc00));
      from = i + 1;
    }
  }
  if (from < text.length) parts.push(Buffer.from(text.slice(from), "utf8"));
  return Buffer.concat(parts);
}

/** Whether `text` stands for bytes that are not UTF-8. */
export function isBinary(text: string): boolean {
  return !text.isWellFormed();
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Length of the valid UTF-8 sequence at `at`, or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  return length > 0 && at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)) ? length : 0;
}
