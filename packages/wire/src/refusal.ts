import type { Endpoint } from "./bus.js";
import type { PeerCertificate } from "./certificate.js";

/** Why a server turned somebody away before a stream was offered to its `accept`. */
export type RefusalReason =
  | "tooManyConnections"
  | "tooManyFromAddress"
  | "tooManyHandshakes"
  | "handshakeTimeout"
  | "handshakeFailed"
  /** It spoke no TLS where TLS is spoken. */
  | "plaintext"
  | "noCertificate"
  | "expiredCertificate"
  /** Not of a CA that is trusted here, or not fit for this use. */
  | "untrustedCertificate"
  /** It spoke something else than HTTP/2, perhaps TLS where none is spoken. */
  | "notHttp2"
  /** It opened no stream in time. */
  | "noStream"
  /** Another method, content type or path than that of the bus. */
  | "badRequest"
  | "tooManyStreams";

export interface Refusal {
  readonly reason: RefusalReason;
  readonly remote: Endpoint;
  readonly certificate?: PeerCertificate | undefined;
  /** What was there and what was expected, for people. */
  readonly detail: string;
  /** What became of it. */
  readonly effect: string;
}

/** What OpenSSL's verdict on a certificate means here. */
export function refusalOfVerdict(code: string): { readonly reason: RefusalReason; readonly detail: string } {
  if (code === "CERT_HAS_EXPIRED") return { reason: "expiredCertificate", detail: "its certificate has expired" };
  if (code === "CERT_NOT_YET_VALID")
    return { reason: "expiredCertificate", detail: "its certificate is not valid yet: compare the clocks" };
  const issuer = /SELF_SIGNED|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY/.test(code);
  return {
    reason: "untrustedCertificate",
    detail: issuer ? "its certificate is not of a CA in our ca file" : `its certificate is not usable: ${code}`,
  };
}

/** What an error inside the handshake means. `code` and `message` are those of Node's error. */
export function refusalOfHandshake(code: string, message: string): { reason: RefusalReason; detail: string } {
  if (/HTTP_REQUEST|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|RECORD_OVERFLOW|BAD_RECORD_TYPE/.test(code))
    return { reason: "plaintext", detail: "no TLS record: it speaks plaintext, expected TLS" };
  if (/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE/.test(code))
    return { reason: "handshakeFailed", detail: "it offers no TLS 1.3: older versions are not spoken" };
  if (code === "ECONNRESET") return { reason: "handshakeFailed", detail: "it closed the connection in the handshake" };
  return { reason: "handshakeFailed", detail: `the handshake failed: ${message}` };
}
