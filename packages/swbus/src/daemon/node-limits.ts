import { type Millis, millis, seconds } from "@tandem/base";
import { ROUTE_LIMITS, type RouteLimits } from "../route-table.js";
import { BUS_LIMITS } from "../security/security-config.js";

export interface NodeLimits {
  readonly routes: RouteLimits;
  /** Route changes within this time go out together. */
  readonly gather: Millis;
  /** A way that is no shorter than the one that a peer has is told within this time. */
  readonly alternatives: Millis;
  /** Full announcements are repeated this often. */
  readonly refresh: Millis;
  /** Messages that are read from one connection; beyond that it is not read for a while, and nothing is lost. */
  readonly messagesPerSecond: number;
}

export const NODE_LIMITS: NodeLimits = {
  routes: ROUTE_LIMITS,
  gather: millis(20),
  alternatives: seconds(2),
  refresh: seconds(60),
  messagesPerSecond: BUS_LIMITS.messages_per_second,
};
