import { err, ok, type Result } from "@tandem/base";
import { parseEndpoint } from "@tandem/wire";

/** Where HA links are served: a Unix socket, or a TCP port, which may want TLS. */
export type LinkAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number };

/** Longest path of a Unix socket. */
const PATH_MAX = 107;

/** `unix:/run/hax.sock`, a path with a slash, or `127.0.0.1:8009`. */
export function parseLinkAddress(text: string): Result<LinkAddress, string> {
  const path = text.startsWith("unix:") ? text.slice(5) : text.includes("/") ? text : undefined;
  if (path !== undefined) {
    if (path === "" || Buffer.byteLength(path) > PATH_MAX)
      return err(`${JSON.stringify(text)}: expected the path of a Unix socket, at most ${PATH_MAX} bytes`);
    return ok({ kind: "unix", path });
  }
  const parsed = parseEndpoint(text.replace(/^tcp:/, "") as Parameters<typeof parseEndpoint>[0]);
  if (!parsed.ok) return err(`${JSON.stringify(text)}: expected unix:PATH, or IP:PORT with IPv6 in brackets`);
  return ok({ kind: "tcp", ...parsed.value });
}

export function formatLinkAddress(address: LinkAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
