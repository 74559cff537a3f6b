import type { ConformanceCase } from "./case.js";
import { endCases } from "./cases/ends.js";
import { orderCases } from "./cases/order.js";
import { restartCases } from "./cases/restart.js";

/** Everything that is asked of a channel between real processes. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = [...orderCases, ...restartCases, ...endCases];
