export { ManagementRequestType, SwbusErrorCode } from "../gen/swbus_pb.js";
export { type MessageIds, messageIds } from "../message-id.js";
export type { RouteLine } from "../route-line.js";
export {
  compareServicePaths,
  displayServicePath,
  parseServicePath,
  SCOPE,
  type Scope,
  ServicePath,
  type ServicePathParts,
} from "../service-path.js";
export { type EdgeEvent, type EdgeOptions, startEdge } from "./edge.js";
export type { EdgeCounts, EdgeRuntime } from "./edge-runtime.js";
export { type Answer, answerTo, dataMessage, newMessage } from "./messages.js";
export { encodePayload } from "./payload.js";
export {
  type PingOptions,
  type PingReply,
  type ProbeOutcome,
  ping,
  type TraceHop,
  type TraceOptions,
  traceRoute,
} from "./probe.js";
export {
  describeQueryError,
  describeSendError,
  getActorState,
  getRoutes,
  QUERY_TIMEOUT,
  type QueryError,
  RESOLVE_TIMEOUT,
  resolvePeer,
  waitConnected,
} from "./query.js";
export { Answers, type RequestError, type RequestOptions, type Response, SimpleClient } from "./simple-client.js";
export type {
  EdgeBody,
  EdgeMessage,
  Handler,
  Origin,
  Payload,
  ResponseContent,
  SendError,
  StructuredPayload,
  Visibility,
} from "./types.js";
