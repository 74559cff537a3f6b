import { createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import type { Endpoint } from "./bus.js";
import { type PeerCertificate, uriNames } from "./certificate.js";
import { parseEndpoint } from "./endpoint.js";

/** What one end proves itself with, and whom it trusts. PEM texts. */
export interface TlsMaterial {
  /** Its certificate, then those between it and the CA, if any. */
  readonly cert: string;
  readonly key: string;
  /** Certificates of the CAs that may have signed the other end's. */
  readonly ca: string;
}

/** Mutual TLS: both ends show a certificate of a trusted CA, or there is no connection. */
export interface TlsOptions {
  /** Read at each handshake, so that new files serve new connections while old ones stay. */
  readonly material: () => TlsMaterial;
  /** Whether endpoints on loopback addresses speak TLS too. Default false: they speak plaintext. */
  readonly loopback?: boolean;
}

/** Every end of the bus is of this house: nothing older has to be borne. */
export const TLS_VERSION = "TLSv1.3";

/** HTTP/2, by its name in the handshake. RFC 7301, RFC 9113 §3.2. */
export const ALPN = "h2";

/** Whether both ends speak TLS at an endpoint: it is decided by the address alone, so they always agree. */
export function speaksTls(tls: TlsOptions | undefined, endpoint: Endpoint): boolean {
  if (tls === undefined) return false;
  if (tls.loopback === true) return true;
  const target = parseEndpoint(endpoint);
  return !target.ok || !isLoopback(target.value.host);
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(host: string): boolean {
  return host === "::1" || /^(?:::ffff:)?127\./.test(host);
}

/** The context of the material in force; made anew only when that changes. Throws on material that is not usable. */
export class SecureContexts {
  #material: TlsMaterial | undefined;
  #context: SecureContext | undefined;

  constructor(private readonly tls: TlsOptions) {}

  get current(): SecureContext {
    const material = this.tls.material();
    if (this.#context === undefined || material !== this.#material) {
      const { cert, key, ca } = material;
      this.#context = createSecureContext({ cert, key, ca, minVersion: TLS_VERSION });
      this.#material = material;
    }
    return this.#context;
  }
}

/** The certificate that the other end showed. */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  return {
    subject: certificate.subject.replace(/\n/g, ", "),
    uris: uriNames(certificate.subjectAltName ?? ""),
    serial: certificate.serialNumber,
  };
}

/** An error in few words: those of OpenSSL are long, and hold line feeds. */
export function reasonOf(error: Error): string {
  const { reason } = error as Error & { readonly reason?: unknown };
  return typeof reason === "string" ? `TLS: ${reason}` : error.message;
}
