export type {
  Accept,
  Arrival,
  Bus,
  BusServer,
  BusStream,
  DialError,
  DialOptions,
  Endpoint,
  ListenError,
  ListenOptions,
  Metadata,
  StreamEnd,
} from "./bus.js";
export { type PeerCertificate, uriNames } from "./certificate.js";
export { formatEndpoint, type HostPort, parseEndpoint } from "./endpoint.js";
export {
  type Decoded,
  describeFrameError,
  encodeFrames,
  FRAME_PREFIX_BYTES,
  FrameDecoder,
  type FrameError,
  MESSAGE_BYTES_MAX,
} from "./frame.js";
export { type GrpcBusOptions, grpcBus } from "./grpc-bus.js";
export type { Refusal, RefusalReason } from "./refusal.js";
export { decodeStatusMessage, encodeStatusMessage, GrpcStatus } from "./status.js";
export { isLoopback, speaksTls, type TlsMaterial, type TlsOptions } from "./tls.js";
