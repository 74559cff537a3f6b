import type { Payload } from "./types.js";

/** The bytes of a payload: an object becomes the UTF-8 JSON text `{"key":…,"data":…}` that actors speak, with `trace` if there is one. */
export function encodePayload(payload: Payload): Uint8Array {
  if (payload instanceof Uint8Array) return payload;
  return Buffer.from(JSON.stringify({ key: payload.key, data: payload.data, trace: payload.trace }), "utf8");
}
