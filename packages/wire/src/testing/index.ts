export { type BusContractCase, type BusWorld, busContract } from "./bus-contract.js";
export { type CertificateRequest, type Issued, TestCa } from "./certificates.js";
export { MemoryBus } from "./memory-bus.js";
export { MemoryNetwork, type MemoryNetworkOptions } from "./memory-network.js";
