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
export type { EdgeRuntime } from "./edge-runtime.js";
export { type Answer, answerTo, dataMessage, newMessage } from "./messages.js";
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
