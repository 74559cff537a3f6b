import type { StreamEnd } from "./bus.js";

/** gRPC status codes that this package gives or reads. doc/statuscodes.md of grpc/grpc. */
export const GrpcStatus = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** `grpc-message` on the wire: printable ASCII stays, "%" and all else is percent-encoded UTF-8. */
export function encodeStatusMessage(text: string): string {
  let out = "";
  for (const byte of Buffer.from(text, "utf8")) {
    out +=
      byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}

/** Lenient, as gRPC asks: a "%" without two hex digits stands for itself; broken UTF-8 becomes U+FFFD. */
export function decodeStatusMessage(text: string): string {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const hex = text.slice(i + 1, i + 3);
    if (text[i] === "%" && /^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    } else {
      bytes.push(...Buffer.from(text[i] as string, "utf8"));
    }
  }
  return Buffer.from(bytes).toString("utf8");
}

/** The status in trailers or in a trailers-only answer; a missing or odd one is UNKNOWN. */
export function statusOf(headers: Readonly<Record<string, unknown>>): StreamEnd {
  const raw = headers["grpc-status"];
  const message = headers["grpc-message"];
  const detail = typeof message === "string" ? decodeStatusMessage(message) : "";
  const code = typeof raw === "string" && /^\d{1,9}$/.test(raw) ? Number(raw) : undefined;
  if (code === undefined) return { code: GrpcStatus.unknown, detail: detail || "the peer gave no grpc-status" };
  return { code, detail };
}

/** What an HTTP status means when there is no gRPC status. doc/http-grpc-status-mapping.md of grpc/grpc. */
export function statusOfHttp(status: number): number {
  switch (status) {
    case 400:
      return GrpcStatus.internal;
    case 401:
      return GrpcStatus.unauthenticated;
    case 403:
      return GrpcStatus.permissionDenied;
    case 404:
      return GrpcStatus.unimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcStatus.unavailable;
    default:
      return GrpcStatus.unknown;
  }
}

/** Error codes of HTTP/2. RFC 9113 §7. */
const RESET = { refusedStream: 7, cancel: 8, enhanceYourCalm: 11, inadequateSecurity: 12 } as const;

/** What an RST_STREAM code means. doc/PROTOCOL-HTTP2.md of grpc/grpc, "Errors". */
export function statusOfReset(code: number): number {
  switch (code) {
    case RESET.refusedStream:
      return GrpcStatus.unavailable;
    case RESET.cancel:
      return GrpcStatus.cancelled;
    case RESET.enhanceYourCalm:
      return GrpcStatus.resourceExhausted;
    case RESET.inadequateSecurity:
      return GrpcStatus.permissionDenied;
    default:
      return GrpcStatus.internal;
  }
}
