export { type BusContractCase, type BusWorld, busContract } from "./bus-contract.js";
export { MemoryBus } from "./memory-bus.js";
export { MemoryNetwork, type MemoryNetworkOptions } from "./memory-network.js";
