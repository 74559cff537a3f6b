import type { VnetRouteTunnelRow } from "@tandem/hamgrd";

/** What a switch does when no endpoint of a route is usable. docs/simulated-dpu.md, "Forwarding". */
export type BothDown = "asBothUp" | "withdraw";

/** Where a switch sends a packet of a flow: index into the route's endpoints, or nothing. */
export type NextHop =
  | { readonly kind: "endpoint"; readonly index: number }
  | { readonly kind: "none"; readonly why: string };

/**
 * VnetOrch's choice (Overlay ECMP enhancements §3.1): an endpoint is usable when it is pinned up, or when its probe is up
 * and it is not pinned down. Usable primaries carry the traffic; without any, the other usable endpoints do. Several of
 * a kind share flows by hash.
 */
export function nextHop(
  route: VnetRouteTunnelRow,
  probeUp: (monitor: string) => boolean,
  flow: string,
  bothDown: BothDown,
): NextHop {
  const endpoints = route.endpoint;
  const monitors = route.endpoint_monitor ?? [];
  const pins = route.pinned_state ?? [];
  if (monitors.length !== endpoints.length) return { kind: "none", why: "monitors do not match the endpoints" };
  if (pins.length > 0 && pins.length !== endpoints.length)
    return { kind: "none", why: "pins do not match the endpoints" };
  const primaries = route.primary ?? [];
  const all = endpoints.map((_, index) => index);
  const usable = all.filter((index) => {
    const pin = pins[index] ?? "none";
    return pin === "up" || (pin !== "down" && probeUp(monitors[index] as string));
  });
  if (usable.length === 0 && bothDown === "withdraw") return { kind: "none", why: "no endpoint is up" };
  const candidates = usable.length === 0 ? all : usable;
  const preferred = candidates.filter((index) => primaries.includes(endpoints[index] as string));
  const group = preferred.length > 0 ? preferred : candidates;
  const index = group[hash(flow) % Math.max(1, group.length)];
  return index === undefined ? { kind: "none", why: "the route has no endpoint" } : { kind: "endpoint", index };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return value;
}
