export { clientOf, isDone, nextEvents, portEvent, type Serving, serving, upTo, word, words } from "./contract-steps.js";
export type {
  Carrier,
  ClientWish,
  ContractFacts,
  ContractWorld,
  EndWish,
  TransportCase,
} from "./contract-world.js";
export { type RedisEnds, RedisWorld, RedisWorlds } from "./redis-world.js";
export { create, get, remove, routerKey, set, view } from "./requests.js";
export { type Journal, TestAsic, TestSyncd } from "./test-asic.js";
export { transportContract } from "./transport-contract.js";
