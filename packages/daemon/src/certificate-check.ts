import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { err, ok, type Result } from "@tandem/base";

/** Three PEM files, or what they hold. */
export interface TlsTriple {
  /** The certificate shown to the other end, then those between it and the CA, if any. */
  readonly cert: string;
  readonly key: string;
  /** Certificates of the CAs that are trusted. */
  readonly ca: string;
}

/** What keeps files from being used. */
export interface TlsFault {
  readonly file: keyof TlsTriple;
  readonly detail: string;
}

export interface CertificateFacts {
  readonly file: "cert" | "ca";
  /** For people: `CN=sw0-dpu0`. */
  readonly subject: string;
  /** For people: `URI:swbus:/r.c.sw0-dpu0`. */
  readonly names: string;
  /** Milliseconds since the epoch. */
  readonly validTo: number;
}

/** Our own certificate first. */
export type TlsFacts = readonly [CertificateFacts, ...CertificateFacts[]];

/** Whether three texts fit together and are in force at `now`; the first fault if not. */
export function checkTls({ cert, key, ca }: TlsTriple, now: number): Result<TlsFacts, TlsFault> {
  const chain = certificatesIn(cert);
  const trusted = certificatesIn(ca);
  if (!chain.ok) return err({ file: "cert", detail: chain.error });
  if (!trusted.ok) return err({ file: "ca", detail: trusted.error });
  const [own] = chain.value;
  if (own === undefined) return err({ file: "cert", detail: "no certificate: expected PEM" });
  if (trusted.value.length === 0) return err({ file: "ca", detail: "no certificate: expected PEM" });
  try {
    if (!own.checkPrivateKey(createPrivateKey(key)))
      return err({ file: "key", detail: `not the key of the certificate of ${subjectOf(own)}` });
  } catch (error) {
    return err({
      file: "key",
      detail: `no usable key: expected PEM without a passphrase (${(error as Error).message})`,
    });
  }
  if (Date.parse(own.validTo) <= now)
    return err({ file: "cert", detail: `${subjectOf(own)} expired on ${own.validTo}` });
  if (Date.parse(own.validFrom) > now)
    return err({ file: "cert", detail: `${subjectOf(own)} is not valid before ${own.validFrom}` });
  const stray = trusted.value.find((certificate) => !certificate.ca);
  if (stray !== undefined) return err({ file: "ca", detail: `${subjectOf(stray)} is not a CA's certificate` });
  if (!leadsTo(own, chain.value.slice(1), trusted.value))
    return err({ file: "cert", detail: `${subjectOf(own)} is not signed by a CA of the ca file` });
  try {
    // What OpenSSL itself does not take, such as keys that are too short.
    createSecureContext({ cert, key, ca });
  } catch (error) {
    return err({ file: "cert", detail: `not usable: ${(error as Error).message}` });
  }
  return ok([factsOf("cert", own), ...trusted.value.map((certificate) => factsOf("ca", certificate))]);
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function certificatesIn(text: string): Result<readonly X509Certificate[], string> {
  const blocks = text.match(PEM_CERTIFICATE) ?? [];
  try {
    return ok(blocks.map((block) => new X509Certificate(block)));
  } catch (error) {
    return err(`damaged certificate: ${(error as Error).message}`);
  }
}

/** Whether signatures lead from a certificate to one that is trusted. */
function leadsTo(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
): boolean {
  if (trusted.some((ca) => isSignedBy(certificate, ca))) return true;
  const next = between.findIndex((candidate) => isSignedBy(certificate, candidate));
  const issuer = between[next];
  return (
    issuer !== undefined &&
    leadsTo(
      issuer,
      between.filter((_, i) => i !== next),
      trusted,
    )
  );
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function factsOf(file: "cert" | "ca", certificate: X509Certificate): CertificateFacts {
  return {
    file,
    subject: subjectOf(certificate),
    names: certificate.subjectAltName ?? "",
    validTo: Date.parse(certificate.validTo),
  };
}

function subjectOf({ subject }: X509Certificate): string {
  return subject.replace(/\n/g, ", ");
}
