import type { Clock, CrashPoint, Random, Result } from "@tandem/base";
import type { Stores } from "@tandem/swss";
import type { EndError, Owner } from "./asic-error.js";
import type { AsicContext } from "./context-config.js";
import type { ChannelMode } from "./op.js";
import type { AsicClient, AsicObserver, AsicServer, TransportName } from "./transport.js";

/** What an end of a channel is opened with. */
export interface ChannelWorld {
  readonly stores: Stores;
  readonly context: AsicContext;
  readonly mode: ChannelMode;
  readonly clock: Clock;
  readonly random: Random;
  readonly crashPoint: CrashPoint;
  /** How this process names itself to others at the same channel. */
  readonly owner: Owner;
}

/** Opens syncd's end of one transport. */
export type OpenServer = (world: ChannelWorld) => Promise<Result<AsicServer, EndError>>;

/** Transports that `tandem asic syncd` serves, each loaded when it is asked for. */
export const FRONT_ENDS: Partial<Readonly<Record<TransportName, () => Promise<OpenServer>>>> = {
  "list-pubsub": async () => {
    const { ListPubsubServer } = await import("./list-pubsub/server.js");
    return ({ context, crashPoint, ...world }) =>
      ListPubsubServer.open({ ...world, db: context.dbAsic, crash: crashPoint });
  },
  streams: async () => {
    const { StreamsServer } = await import("./streams/server.js");
    return ({ context, crashPoint, ...world }) =>
      StreamsServer.open({ ...world, db: context.dbAsic, crash: crashPoint });
  },
  grpc: async () => {
    const [{ GrpcChannelServer }, { grpcEndpoints }] = await Promise.all([
      import("./grpc/server.js"),
      import("./grpc/options.js"),
    ]);
    return ({ context, clock, owner, crashPoint }) =>
      GrpcChannelServer.open({ ...grpcEndpoints(context.guid), clock, owner, crash: crashPoint });
  },
  "grpc-queue": async () => {
    const [{ GrpcQueueServer }, { grpcEndpoints }] = await Promise.all([
      import("./grpc-queue/server.js"),
      import("./grpc/options.js"),
    ]);
    return ({ context, crashPoint, ...world }) =>
      GrpcQueueServer.open({ ...world, ...grpcEndpoints(context.guid), db: context.dbAsic, crash: crashPoint });
  },
  zmq: async () => {
    const { ZmqChannelServer } = await import("./zmq/server.js");
    return ({ context, clock, owner, crashPoint }) =>
      ZmqChannelServer.open({ context, clock, owner, crash: crashPoint });
  },
};

/** Opens orchagent's end of one transport. */
export type OpenClient = (
  world: Omit<ChannelWorld, "context" | "random"> & { readonly db: string },
  signal: AbortSignal,
) => Promise<Result<AsicClient, EndError>>;

/** Transports that a command can speak as orchagent, each loaded when it is asked for. */
export const CLIENTS: Partial<Readonly<Record<TransportName, () => Promise<OpenClient>>>> = {
  "list-pubsub": async () => {
    const { ListPubsubClient } = await import("./list-pubsub/client.js");
    return ({ crashPoint, ...world }, signal) => ListPubsubClient.open({ ...world, crash: crashPoint }, signal);
  },
  streams: async () => {
    const { StreamsClient } = await import("./streams/client.js");
    return ({ crashPoint, ...world }, signal) => StreamsClient.open({ ...world, crash: crashPoint }, signal);
  },
};

/** Opens an observer of one transport, for what is said from now on. */
export type OpenObserver = (
  world: { readonly stores: Stores; readonly db: string },
  signal: AbortSignal,
) => Promise<Result<AsicObserver, EndError>>;

/** Transports that can be observed, each loaded when it is asked for. */
export const OBSERVERS: Partial<Readonly<Record<TransportName, () => Promise<OpenObserver>>>> = {
  streams: async () => {
    const { StreamsObserver } = await import("./streams/observer.js");
    return (world, signal) => StreamsObserver.open(world, signal);
  },
};
