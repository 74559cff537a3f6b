export { Archiver, type ArchiverOptions } from "./archive/archiver.js";
export {
  type ArchiverError,
  type ArchiverEvent,
  type ArchiverTally,
  describeArchiverError,
  describeArchiverEvent,
} from "./archive/archiver-event.js";
export { type HistoryLine, type HistoryOptions, history } from "./archive/history.js";
export type { HistoryQuery } from "./archive/history-filter.js";
export { type AsicError, describeAsicError, describeEndError, type EndError, type Owner } from "./asic-error.js";
export { type ChannelTrouble, describeChannelTrouble } from "./channel-trouble.js";
export { CoalescingClient, type CoalescingOptions, coalescingTraits } from "./coalesce/client.js";
export {
  type AsicContext,
  CONTEXT_DEFAULT,
  parseContextConfig,
  type SwitchConfig,
  ZMQ_ENDPOINT_DEFAULT,
  ZMQ_NOTIFICATION_ENDPOINT_DEFAULT,
} from "./context-config.js";
export { loadContext, loadContexts } from "./daemon/context-file.js";
export { countGatewayEvents } from "./daemon/gateway-metrics.js";
export { measureArchiver, measureRecorder } from "./daemon/recording-metrics.js";
export { countSyncdEvents } from "./daemon/syncd-metrics.js";
export { watchTroubles } from "./daemon/trouble-watch.js";
export { Gateway, type GatewayOptions } from "./gateway/gateway.js";
export { describeGatewayEvent, type GatewayEvent } from "./gateway/gateway-event.js";
export { GrpcChannelClient } from "./grpc/client.js";
export { GrpcObserver } from "./grpc/observer.js";
export {
  type GrpcChannelOptions,
  type GrpcClientOptions,
  type GrpcEndpoints,
  type GrpcServerOptions,
  grpcEndpoints,
} from "./grpc/options.js";
export { GrpcChannelServer } from "./grpc/server.js";
export { grpcTraits } from "./grpc/traits.js";
export { GrpcQueueClient } from "./grpc-queue/client.js";
export { FALLBACK_NAMES, type FallbackName, isFallbackName } from "./grpc-queue/fallback.js";
export {
  type GrpcQueueClientOptions,
  type GrpcQueueOptions,
  type GrpcQueueServerOptions,
  grpcQueueEndpoints,
} from "./grpc-queue/options.js";
export { GrpcQueueServer } from "./grpc-queue/server.js";
export { grpcQueueTraits } from "./grpc-queue/traits.js";
export { auditAsic } from "./inspect/audit.js";
export { type ObjectView, readObjects, typeName } from "./inspect/objects.js";
export { type PendingView, readPending } from "./inspect/pending.js";
export { type QueueView, readQueues } from "./inspect/queues.js";
export { readRings } from "./inspect/rings.js";
export { ListPubsubClient } from "./list-pubsub/client.js";
export { ListPubsubServer, type ListPubsubServerOptions } from "./list-pubsub/server.js";
export { listPubsubTraits } from "./list-pubsub/traits.js";
export { RESTART_KINDS, type RestartKind } from "./list-pubsub/wire.js";
export type { AsicNotification } from "./notification.js";
export {
  formatObjectId,
  isObjectId,
  NULL_OBJECT_ID,
  OBJECT_INDEX_MAX,
  type ObjectId,
  type ObjectIdParts,
  objectIdParts,
  objectIdValue,
  parseObjectId,
  switchOf,
  switchVid,
} from "./object-id.js";
export {
  ENTRY_MEMBERS,
  formatKey,
  idsInKey,
  idsInValue,
  isEntryType,
  mapEntryIds,
  mapValueIds,
  type ObjectKey,
  parseKeyId,
} from "./object-key.js";
export { ASIC_OPS, type AsicOp, type ChannelMode, isAnswered, isAsicOp, VIEW_KEYS, type ViewKey } from "./op.js";
export { type NumberedLine, numberedLines } from "./player/numbered-lines.js";
export { type PlayOptions, play } from "./player/play.js";
export { type LineNote, type Notes, PlaySummary } from "./player/summary.js";
export { countedVids, recordedVids, type Vids } from "./player/vids.js";
export { recordObserved } from "./record-observer.js";
export {
  describeRecorderEvent,
  Recorder,
  type RecorderEvent,
  type RecorderOptions,
  type RecorderTally,
} from "./recorder.js";
export { formatBody, formatLine } from "./recording/format-line.js";
export { parseLine } from "./recording/parse-line.js";
export {
  type BulkOp,
  type BulkPart,
  describeLineFault,
  type KeyedOp,
  type LineFault,
  type RecLine,
  type RecordBody,
} from "./recording/record.js";
export { ROTATION_DEFAULTS, type RotationLimits } from "./recording/rotation.js";
export { type Micros, momentOf, StampPrinter } from "./recording/stamp.js";
export { AS_RECORDER, FOR_PLAYER, type RecordingStyle } from "./recording/style.js";
export { RecordingClient } from "./recording-client.js";
export type { RedisChannelOptions, RedisClientOptions } from "./redis/channel-options.js";
export { type AsicReply, FAILURE, isReplyOp, type ReplyOp, replyTo, SUCCESS } from "./reply.js";
export {
  type AsicRequest,
  checkRequest,
  describeRequestFault,
  isBarrier,
  NO_ATTRIBUTES,
  type RequestFault,
  splitKey,
} from "./request.js";
export { type AsicOutcome, RequestLine, type RequestLineOptions, type Ticket } from "./request-line.js";
export { openRingFile, type RingFile } from "./shm/channel-file.js";
export { ShmChannelClient } from "./shm/client.js";
export { ringPath, type ShmChannelOptions, type ShmClientOptions } from "./shm/options.js";
export { Ring } from "./shm/ring.js";
export { ShmChannelServer } from "./shm/server.js";
export { shmTraits } from "./shm/traits.js";
export { RING_SIZES_DEFAULT, RING_VERSION, type RingSizes } from "./shm/wire.js";
export { type AttributeFault, attributeStatus, STATUS } from "./status.js";
export { archivedUpTo, archivers, forgetArchiver, saveArchived } from "./streams/archivers.js";
export { StreamsClient, type StreamsClientOptions } from "./streams/client.js";
export { StreamsObserver, type StreamsObserverOptions } from "./streams/observer.js";
export { StreamsServer, type StreamsServerOptions } from "./streams/server.js";
export { type Placed, readBetween, StreamReader } from "./streams/stream-reader.js";
export { streamsTraits } from "./streams/traits.js";
export { comparePositions, isPosition, POSITION_FIRST, type Position, positionParts } from "./streams/wire.js";
export type { Mark, Wish } from "./switching/mark.js";
export { type ChannelState, type Moved, type MoveOptions, moveChannel, readChannel } from "./switching/move-channel.js";
export { describeSwitchEvent, type SwitchEvent } from "./switching/switch-event.js";
export { SwitchingClient, type SwitchingOptions } from "./switching/switching-client.js";
export { START_TYPES, type StartType } from "./syncd/boot.js";
export type { Drift, DriftReport } from "./syncd/drift.js";
export { Syncd, type SyncdOptions } from "./syncd/syncd.js";
export { describeSyncdEvent, type SyncdEvent } from "./syncd/syncd-event.js";
export {
  type AsicAnswer,
  type AsicClient,
  type AsicHandler,
  type AsicObserver,
  type AsicServer,
  type Delivery,
  type Observed,
  REPLY_TIMEOUT_DEFAULT,
  TRANSPORT_NAMES,
  type TransportName,
  type TransportTraits,
} from "./transport.js";
export {
  type ChannelWorld,
  CLIENTS,
  FRONT_ENDS,
  OBSERVERS,
  type OpenClient,
  type OpenObserver,
  type OpenServer,
} from "./transports.js";
export { type Asic, type AsicLost, LocalAsic } from "./virtual-asic/asic.js";
export { ASIC_SHAPE_DEFAULT, type AsicShape } from "./virtual-asic/boot.js";
export type { AsicCall, AsicCause, AsicEvent, AsicObject, CallOutcome } from "./virtual-asic/call.js";
export { connectAsic } from "./virtual-asic/client.js";
export { AsicCore } from "./virtual-asic/core.js";
export { asicPathOf } from "./virtual-asic/path.js";
export { type AsicServerOptions, serveAsic } from "./virtual-asic/server.js";
export { ZmqChannelClient } from "./zmq/client.js";
export type { ZmqChannelOptions, ZmqClientOptions } from "./zmq/options.js";
export { ZmqOutboxClient, type ZmqOutboxOptions } from "./zmq/outbox-client.js";
export { ZmqChannelServer } from "./zmq/server.js";
export { zmqOutboxTraits, zmqTraits } from "./zmq/traits.js";
