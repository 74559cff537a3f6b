export { type CertificateRequest, type Issued, TestCa } from "./certificates.js";
export { FaultyDisk } from "./faulty-disk.js";
export { golden } from "./golden.js";
export { longTest, needs } from "./long-test.js";
export { memoryFiles } from "./memory-files.js";
export { parseScenario, runScenario, type ScenarioCommand, type ScenarioStep } from "./scenario.js";
export { settle, VirtualClock } from "./virtual-clock.js";
