export { type Bus, grpcBus } from "@tandem/wire";
export type { ConnectionType, OwnRoute } from "./connection-info.js";
export {
  type ConfigFault,
  type ConfigReading,
  type ConfigSource,
  fixedConfig,
  nodePath,
  type PeerConfig,
  type SwbusConfig,
} from "./daemon/config.js";
export { dbConfig } from "./daemon/db-config.js";
export type { SwbusdEvent, SwbusdObserver, SwbusdStats } from "./daemon/events.js";
export { NODE_LIMITS, type NodeLimits } from "./daemon/node-limits.js";
export { describeEvent, logEvents, publishStats } from "./daemon/report.js";
export { type Swbusd, type SwbusdOptions, type SwbusdState, startSwbusd } from "./daemon/swbusd.js";
export { watchLogLevel } from "./daemon/watch-log-level.js";
export { parseYamlConfig, yamlConfig } from "./daemon/yaml-config.js";
export { formatDebugJson, parseDebugJson } from "./json-debug.js";
export { ROUTE_LIMITS, type RouteLimits } from "./route-table.js";
export {
  type BusSecurity,
  type BusSecurityOptions,
  openBusSecurity,
  SECURITY_VARIABLE,
} from "./security/bus-security.js";
export { BUS_LIMITS, type BusLimits, parseSecurity, type SecurityConfig } from "./security/security-config.js";
export { publishTls } from "./security/tls-metrics.js";
