const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** CRC-32 as zlib has it, of the bytes from `start` to before `end`; `crc` is that of what stands before them. */
export function crc32(bytes: Uint8Array, start: number, end: number, crc = 0): number {
  let rest = ~crc;
  for (let at = start; at < end; at++) rest = (TABLE[(rest ^ (bytes[at] as number)) & 0xff] as number) ^ (rest >>> 8);
  return ~rest >>> 0;
}
