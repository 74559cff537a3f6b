import { carrierCases } from "./contract-carrier.js";
import { limitCases } from "./contract-limits.js";
import { observerCases } from "./contract-observers.js";
import { orderCases } from "./contract-order.js";
import { restartCases } from "./contract-restart.js";
import type { ContractFacts, TransportCase } from "./contract-world.js";

const CASES: readonly TransportCase[] = [
  ...orderCases,
  ...limitCases,
  ...restartCases,
  ...observerCases,
  ...carrierCases,
];

/**
 * What a transport promises, as cases to run on a world of its own each. Its traits say which promises it makes; what
 * they say cannot be had must show too.
 */
export function transportContract(facts: ContractFacts): readonly TransportCase[] {
  return CASES.filter(({ when }) => when?.(facts) ?? true);
}
