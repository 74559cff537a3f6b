export { apiPage } from "./api-page.js";
export { isAuthorized } from "./bearer.js";
export type { TlsTriple } from "./certificate-check.js";
export {
  type DaemonProgram,
  type Environment,
  parsePort,
  parseSlots,
  runDaemonProgram,
  serveStatusOrGoOn,
} from "./daemon-program.js";
export { type Ending, watchForEnd } from "./ending.js";
export { LOG_LEVEL_DEFAULT, LOG_LEVELS, type LogLevel, levelFromEnvironment, levelFromLoggerRow } from "./log-level.js";
export { formatLine, formatText, type LineOrigin, type LineStyle, type LogFields } from "./log-line.js";
export { type LogOutput, type LogOutputOptions, openLogOutput, stderrOutput } from "./log-output.js";
export { createLogger, type DaemonLogger, type Logger, type LoggerOptions } from "./logger.js";
export {
  type CounterSeries,
  type DeclaredMetric,
  type GaugeSeries,
  type HistogramSeries,
  type Labels,
  type Metric,
  type MetricDeclaration,
  Metrics,
} from "./metrics.js";
export {
  type HostedProcess,
  type ProcessEnd,
  ProcessEndedError,
  type ProcessHost,
  type ProcessSpec,
  systemProcesses,
} from "./process-host.js";
export { openRecorder, type Recorder, type RecorderError, type RecorderOptions } from "./recorder.js";
export {
  type DaemonContext,
  type DaemonFailure,
  type DaemonProcess,
  type RunDaemonOptions,
  runDaemon,
} from "./run-daemon.js";
export {
  type StatusReport,
  type StatusServer,
  type StatusServerError,
  type StatusServerOptions,
  serveStatus,
} from "./status-server.js";
export {
  describeTlsEvent,
  openTlsFiles,
  severityOfTlsEvent,
  type TlsEvent,
  TlsFiles,
  type TlsFilesOptions,
} from "./tls-files.js";
