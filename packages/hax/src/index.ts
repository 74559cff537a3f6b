export { Bridge, type BridgeOptions, VIEW_MAX_DEFAULT } from "./bridge/bridge.js";
export { type BridgeEvent, describeBridgeEvent } from "./bridge/bridge-event.js";
export { type MessageKind, type Profile, REACTIONS, type Reaction } from "./bridge/core/reaction.js";
export type { NotPassing, WatchedCheck } from "./bridge/core/service-watch.js";
export { livingProcesses } from "./check/living.js";
export { VERDICT_CODE, type Verdict, verdictOf } from "./check/verdict.js";
export {
  type CatalogService,
  type ConsulApi,
  type ConsulFailure,
  describeConsulFailure,
  type KvEntry,
  type Read,
  type ReadOptions,
  type ServiceHealth,
  type TxnOp,
} from "./consul/consul-api.js";
export { HttpConsul, type HttpConsulOptions } from "./consul/http-consul.js";
export { countHaxEvents, measureHax } from "./daemon/hax-metrics.js";
export { type Fid, fidLetter, formatFid, NULL_FID, parseFid, sameFid, typedFid } from "./fid.js";
export { formatLinkAddress, type LinkAddress, parseLinkAddress } from "./link/address.js";
export {
  describeLink,
  describeLinkError,
  EAGAIN,
  type EntrypointReply,
  type EntrypointRequest,
  type HaLink,
  type LinkError,
  type LinkEvent,
  type LinkId,
  type LinkInfo,
  type LinkView,
  type RequestId,
  type Trouble,
  type TroubleKind,
} from "./link/ha-link.js";
export { LINK_LIMITS, type LinkLimits } from "./link/limits.js";
export { type LinkServer, type LinkServerOptions, type LinkTlsMaterial, openLinkServer } from "./link/server.js";
export { M0d, type M0dOptions } from "./m0d/m0d.js";
export type { MotrProcess } from "./m0d/motr-process.js";
export { type CrashStep, GOOD_MANNERS, type M0dEvent, type M0dIdentity, type M0dManners } from "./m0d/peer-ports.js";
export { decodeHaMessage, encodeHaMessage } from "./motr/codec.js";
export {
  decodeEntrypointReply,
  decodeEntrypointRequest,
  decodeLinkFop,
  decodeLinkReply,
  type EntrypointReplyFop,
  type EntrypointRequestFop,
  encodeEntrypointReply,
  encodeEntrypointRequest,
  encodeLinkFop,
  encodeLinkReply,
  type LinkFop,
  type LinkParams,
  type LinkReplyFop,
} from "./motr/fops.js";
export {
  type HaData,
  type HaMessage,
  type HaType,
  NOTES_MAX,
  type Note,
  type NoteState,
  type Nvec,
  type ProcessEvent,
  type ProcessType,
  type StobIoq,
} from "./motr/message.js";
export { answerFault, setFault } from "./motr/nvec-rules.js";
