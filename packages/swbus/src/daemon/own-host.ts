import { type Endpoint, isLoopback, parseEndpoint } from "@tandem/wire";
import type { SwbusConfig } from "./config.js";

/** The IP addresses of this host that a configuration names. */
export function ownAddresses({ endpoint, npuIpv4, npuIpv6 }: SwbusConfig): ReadonlySet<string> {
  return new Set([hostOf(endpoint), npuIpv4 ?? "", npuIpv6 ?? ""].filter((address) => address !== ""));
}

/** Whether a connection begins on the host where it ends: it comes from loopback, from where it goes, or from our own. */
export function isOnThisHost(remote: Endpoint, local: Endpoint, addresses: ReadonlySet<string>): boolean {
  const host = hostOf(remote);
  return isLoopback(host) || host === hostOf(local) || addresses.has(host);
}

function hostOf(endpoint: Endpoint): string {
  const parsed = parseEndpoint(endpoint);
  return parsed.ok ? parsed.value.host : "";
}
