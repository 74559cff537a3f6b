import { isIP, isIPv6 } from "node:net";
import { err, ok, type Result } from "@tandem/base";
import type { Endpoint } from "./bus.js";

export interface HostPort {
  /** An IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `1.2.3.4:50051` or `[fe80::1]:50051`. Names are not resolved; the error is one line for people. */
export function parseEndpoint(endpoint: Endpoint): Result<HostPort, string> {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(endpoint);
  const host = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3] ?? Number.NaN);
  if (isIP(host) !== (match?.[1] === undefined ? 4 : 6) || !(port <= 65_535))
    return err(`"${endpoint}" is not an endpoint: expected ip:port, with IPv6 in brackets`);
  return ok({ host, port });
}

/** The inverse; an IPv4 address that a dual-stack socket shows as `::ffff:a.b.c.d` is shown as IPv4. */
export function formatEndpoint(host: string, port: number): Endpoint {
  const plain = host.startsWith("::ffff:") && host.includes(".") ? host.slice(7) : host;
  return isIPv6(plain) ? `[${plain}]:${port}` : `${plain}:${port}`;
}
