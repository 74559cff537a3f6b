import { BORDERS, renderBox } from "./box.js";

/** One answer to a probe, or that none came in time. */
export type Probe =
  | {
      readonly kind: "answered";
      readonly ttl: number;
      readonly elapsedMs: number;
      readonly from: string;
      readonly hops: number;
    }
  | { readonly kind: "refused"; readonly from: string; readonly code: string; readonly text: string }
  | { readonly kind: "timeout" };

/** Line of probe `seq` of `ping`. */
export function renderPing(seq: number, probe: Probe): string {
  switch (probe.kind) {
    case "answered":
      return `Response received: ping_seq=${seq}, ttl=${probe.ttl}, time=${probe.elapsedMs.toFixed(3)}ms\n`;
    case "refused":
      return `ping_seq ${seq}: ${probe.from} => ${probe.code}:${probe.text}\n`;
    case "timeout":
      return `ping_seq ${seq}: request timeout\n`;
  }
}

/** TTL that a message starts with; what is missing at its arrival are the hops. */
export const TTL_START = 64;

/** Line of hop `hop` (from 1) of `trace-route`. */
export function renderHop(hop: number, probe: Probe): string {
  switch (probe.kind) {
    case "answered":
      return `${hop}  ${probe.from}  ${probe.elapsedMs.toFixed(3)}ms  ${probe.hops} hops\n`;
    case "refused":
      return `${hop}  ${probe.from}  ${probe.code}(${probe.text})\n`;
    case "timeout":
      return `${hop}  *  *  *\n`;
  }
}

/** One line of a swbusd's route table. */
export interface RouteRow {
  readonly service_path: string;
  readonly hop_count: number;
  readonly nh_id: string;
  /** Full name, e.g. `ROUTE_SCOPE_IN_CLUSTER`. */
  readonly route_scope: string;
  readonly nh_service_path: string;
}

/** `show swbusd route`, rows in the order given. */
export function renderRoutes(routes: readonly RouteRow[]): string {
  const columns = ["service_path", "hop_count", "nh_id", "route_scope", "nh_service_path"] as const;
  const rows = routes.map((route) => columns.map((column) => String(route[column])));
  return `${renderBox(BORDERS.ascii, { columns, rows })}\n`;
}
