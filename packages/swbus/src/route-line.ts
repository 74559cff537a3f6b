import type { Scope, ServicePath } from "./service-path.js";

/** One line of a route dump (GET_ROUTES): a destination and one way to it. */
export interface RouteLine {
  readonly path: ServicePath;
  readonly scope: Scope;
  readonly hops: number;
  /** Connection id, e.g. `swbs-to://10.0.0.2:23606`. */
  readonly nextHopId: string;
  readonly nextHop: ServicePath;
}
