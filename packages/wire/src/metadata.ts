import type { Metadata } from "./bus.js";

/** Headers that belong to HTTP or gRPC itself and are no metadata. */
const OWN_HEADERS = new Set(["content-type", "te", "user-agent", "date", "accept-encoding", "content-length"]);

/** The metadata among the headers of a request or response. */
export function metadataOf(headers: Readonly<Record<string, unknown>>): Metadata {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || name.startsWith("grpc-") || OWN_HEADERS.has(name)) continue;
    if (typeof value === "string") metadata[name] = value;
  }
  return metadata;
}

/** What keeps `metadata` from travelling, as one line; `undefined` when nothing does. */
export function metadataFault(metadata: Metadata): string | undefined {
  for (const [name, value] of Object.entries(metadata)) {
    if (!/^[0-9a-z_.-]+$/.test(name) || name.startsWith("grpc-") || OWN_HEADERS.has(name))
      return `metadata name ${JSON.stringify(name)} is reserved or not lower-case ASCII`;
    if (!/^[\x20-\x7e]*$/.test(value)) return `metadata ${name}: ${JSON.stringify(value)} is not printable ASCII`;
  }
  return undefined;
}
