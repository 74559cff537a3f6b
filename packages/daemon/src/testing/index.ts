export { type MemoryLog, memoryLog } from "./memory-log.js";
