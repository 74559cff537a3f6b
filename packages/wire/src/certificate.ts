/** Who the other end is, by a certificate of a trusted CA. */
export interface PeerCertificate {
  /** For people: `CN=sw0-dpu0`. */
  readonly subject: string;
  /** Its subject alternative names of type URI. RFC 5280 §4.2.1.6. */
  readonly uris: readonly string[];
  /** Hexadecimal, as CAs print it. */
  readonly serial: string;
}

/**
 * The URI names in Node's text form of a subject alternative name: `URI:a, DNS:b`, where a value with odd characters is
 * quoted as JSON. A name that cannot be read is left out: it proves nothing.
 */
export function uriNames(text: string): readonly string[] {
  const names: string[] = [];
  // Quotes protect commas; without them a name ends at the next comma.
  for (const [, kind, quoted, plain] of text.matchAll(
    /(?:^|, )([A-Za-z ]+):(?:("(?:[^"\\]|\\.)*")|([^",]*))(?=, |$)/g,
  )) {
    if (kind !== "URI") continue;
    const name = quoted === undefined ? plain : unquoted(quoted);
    if (name !== undefined && name !== "") names.push(name);
  }
  return names;
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}
