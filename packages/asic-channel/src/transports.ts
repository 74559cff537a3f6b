import type { Clock, CrashPoint, Millis, Random, Result } from "@tandem/base";
import type { Stores } from "@tandem/swss";
import type { EndError, Owner } from "./asic-error.js";
import type { ChannelTrouble } from "./channel-trouble.js";
import type { AsicContext } from "./context-config.js";
import type { FallbackName } from "./grpc-queue/fallback.js";
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
  /** What an operator should know of this end while it goes on. */
  readonly onTrouble?: (trouble: ChannelTrouble) => void;
  /** How this process names itself to others at the same channel. */
  readonly owner: Owner;
  /** The requests go on to another server, which writes their rows: nothing is written as they are taken. */
  readonly leavesRows?: boolean;
  /** The ring file of shm; default `ringPath` of the context's database. */
  readonly ring?: string;
  /** Requests over zmq stand in Redis until they are answered. */
  readonly outbox?: boolean;
  /** Where requests over grpc-queue wait for a server that is away; default `stream`. */
  readonly fallback?: FallbackName;
}

/** What every end takes besides its place. */
function common({ clock, owner, crashPoint, onTrouble }: Omit<ChannelWorld, "leavesRows">) {
  return { clock, owner, crash: crashPoint, ...(onTrouble !== undefined && { onTrouble }) };
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
    return (world) => GrpcChannelServer.open({ ...common(world), ...grpcEndpoints(world.context.guid) });
  },
  "grpc-queue": async () => {
    const [{ GrpcQueueServer }, { grpcQueueEndpoints }] = await Promise.all([
      import("./grpc-queue/server.js"),
      import("./grpc-queue/options.js"),
    ]);
    return ({ context, crashPoint, ...world }) =>
      GrpcQueueServer.open({ ...world, ...grpcQueueEndpoints(context.guid), db: context.dbAsic, crash: crashPoint });
  },
  zmq: async () => {
    const { ZmqChannelServer } = await import("./zmq/server.js");
    return (world) => ZmqChannelServer.open({ ...common(world), context: world.context });
  },
  shm: async () => {
    const [{ ShmChannelServer }, { ringPath }] = await Promise.all([
      import("./shm/server.js"),
      import("./shm/options.js"),
    ]);
    return (world) =>
      ShmChannelServer.open({ ...common(world), path: world.ring ?? ringPath(world.context.dbAsic), mode: world.mode });
  },
};

/** What orchagent's end is opened with. */
export interface ClientWorld extends Omit<ChannelWorld, "leavesRows"> {
  /** Default `REPLY_TIMEOUT_DEFAULT`. */
  readonly replyTimeout?: Millis;
}

/** What every client takes besides its place. */
function commonOfClient(world: ClientWorld) {
  const { replyTimeout } = world;
  return { ...common(world), ...(replyTimeout !== undefined && { replyTimeout }) };
}

/** Opens orchagent's end of one transport. */
export type OpenClient = (world: ClientWorld, signal: AbortSignal) => Promise<Result<AsicClient, EndError>>;

/** Transports that a command can speak as orchagent, each loaded when it is asked for. */
export const CLIENTS: Partial<Readonly<Record<TransportName, () => Promise<OpenClient>>>> = {
  "list-pubsub": async () => {
    const { ListPubsubClient } = await import("./list-pubsub/client.js");
    return ({ context, crashPoint, ...world }, signal) =>
      ListPubsubClient.open({ ...world, db: context.dbAsic, crash: crashPoint }, signal);
  },
  streams: async () => {
    const { StreamsClient } = await import("./streams/client.js");
    return ({ context, crashPoint, ...world }, signal) =>
      StreamsClient.open({ ...world, db: context.dbAsic, crash: crashPoint }, signal);
  },
  grpc: async () => {
    const [{ GrpcChannelClient }, { grpcEndpoints }] = await Promise.all([
      import("./grpc/client.js"),
      import("./grpc/options.js"),
    ]);
    return (world) =>
      GrpcChannelClient.open(
        { ...commonOfClient(world), endpoint: grpcEndpoints(world.context.guid).endpoint },
        world.random,
      );
  },
  "grpc-queue": async () => {
    const [{ GrpcQueueClient }, { grpcQueueEndpoints }] = await Promise.all([
      import("./grpc-queue/client.js"),
      import("./grpc-queue/options.js"),
    ]);
    return ({ context, crashPoint, random, ...world }, signal) =>
      GrpcQueueClient.open(
        { ...world, endpoint: grpcQueueEndpoints(context.guid).endpoint, db: context.dbAsic, crash: crashPoint },
        signal,
        random,
      );
  },
  zmq: async () => {
    const [{ ZmqChannelClient }, { ZmqOutboxClient }] = await Promise.all([
      import("./zmq/client.js"),
      import("./zmq/outbox-client.js"),
    ]);
    return (world, signal) => {
      const { stores, context, mode, random } = world;
      if (world.outbox !== true) return ZmqChannelClient.open({ ...commonOfClient(world), context });
      return ZmqOutboxClient.open(
        { ...commonOfClient(world), stores, context, mode, db: context.dbAsic },
        signal,
        random,
      );
    };
  },
  shm: async () => {
    const [{ ShmChannelClient }, { ringPath }] = await Promise.all([
      import("./shm/client.js"),
      import("./shm/options.js"),
    ]);
    return (world) =>
      ShmChannelClient.open({
        ...commonOfClient(world),
        path: world.ring ?? ringPath(world.context.dbAsic),
        mode: world.mode,
      });
  },
};

/** Opens an observer of one transport, for what is said from now on. */
export type OpenObserver = (
  world: { readonly stores: Stores; readonly context: AsicContext },
  signal: AbortSignal,
) => Promise<Result<AsicObserver, EndError>>;

/** Transports that can be observed, each loaded when it is asked for. */
export const OBSERVERS: Partial<Readonly<Record<TransportName, () => Promise<OpenObserver>>>> = {
  streams: async () => {
    const { StreamsObserver } = await import("./streams/observer.js");
    return ({ stores, context }, signal) => StreamsObserver.open({ stores, db: context.dbAsic }, signal);
  },
  grpc: async () => {
    const [{ GrpcObserver }, { grpcEndpoints }] = await Promise.all([
      import("./grpc/observer.js"),
      import("./grpc/options.js"),
    ]);
    return ({ context }) => GrpcObserver.open(grpcEndpoints(context.guid).serviceEndpoint);
  },
  "grpc-queue": async () => {
    const [{ GrpcObserver }, { grpcQueueEndpoints }] = await Promise.all([
      import("./grpc/observer.js"),
      import("./grpc-queue/options.js"),
    ]);
    return ({ context }) => GrpcObserver.open(grpcQueueEndpoints(context.guid).serviceEndpoint);
  },
};
