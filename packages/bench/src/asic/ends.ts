import {
  type AsicClient,
  type AsicServer,
  type ChannelMode,
  describeEndError,
  type EndError,
  GrpcChannelClient,
  GrpcChannelServer,
  GrpcQueueClient,
  GrpcQueueServer,
  ListPubsubClient,
  ListPubsubServer,
  ShmChannelClient,
  ShmChannelServer,
  StreamsClient,
  StreamsServer,
  type TransportName,
  ZmqChannelClient,
  ZmqChannelServer,
} from "@tandem/asic-channel";
import { type CleanUp, type Result, systemClock, systemRandom } from "@tandem/base";
import { RedisStores } from "@tandem/swss";
import { databasesAt } from "@tandem/swss/testing";

/** Where a channel is; each transport takes what it needs of it. */
export interface ChannelPlace {
  readonly transport: TransportName;
  readonly mode: ChannelMode;
  /** Of Redis. */
  readonly socket: string;
  /** Of gRPC. */
  readonly endpoint: string;
  readonly zmqEndpoint: string;
  readonly zmqNotificationEndpoint: string;
  /** The ring file. */
  readonly path: string;
}

/** Connections to Redis are ended by `cleanUp`. */
export async function openServer(place: ChannelPlace, cleanUp: CleanUp): Promise<AsicServer> {
  const { transport, mode, endpoint, path } = place;
  const common = { clock: systemClock, owner: ownerOf("server"), mode };
  switch (transport) {
    case "list-pubsub":
      return unwrapped(await ListPubsubServer.open({ ...common, stores: storesOf(place, cleanUp) }));
    case "streams":
      return unwrapped(await StreamsServer.open({ ...common, stores: storesOf(place, cleanUp) }));
    case "grpc":
      return unwrapped(await GrpcChannelServer.open({ ...common, endpoint }));
    case "grpc-queue":
      return unwrapped(await GrpcQueueServer.open({ ...common, stores: storesOf(place, cleanUp), endpoint }));
    case "zmq":
      return unwrapped(await ZmqChannelServer.open({ ...common, context: place }));
    case "shm":
      return unwrapped(await ShmChannelServer.open({ ...common, path }));
  }
}

/** As `openServer`. */
export async function openClient(place: ChannelPlace, cleanUp: CleanUp): Promise<AsicClient> {
  const { transport, mode, endpoint, path } = place;
  const common = { clock: systemClock, owner: ownerOf("client"), mode };
  switch (transport) {
    case "list-pubsub":
      return unwrapped(await ListPubsubClient.open({ ...common, stores: storesOf(place, cleanUp) }));
    case "streams":
      return unwrapped(await StreamsClient.open({ ...common, stores: storesOf(place, cleanUp) }));
    case "grpc":
      return unwrapped(await GrpcChannelClient.open({ ...common, endpoint }));
    case "grpc-queue":
      return unwrapped(await GrpcQueueClient.open({ ...common, stores: storesOf(place, cleanUp), endpoint }));
    case "zmq":
      return unwrapped(await ZmqChannelClient.open({ ...common, context: place }));
    case "shm":
      return unwrapped(await ShmChannelClient.open({ ...common, path }));
  }
}

function storesOf({ socket }: ChannelPlace, cleanUp: CleanUp): RedisStores {
  return cleanUp.use(new RedisStores({ databases: databasesAt({ socket }), clock: systemClock, random: systemRandom }));
}

function ownerOf(name: string) {
  return { name, host: "localhost", pid: process.pid, since: systemClock.now() };
}

function unwrapped<T>(opened: Result<T, EndError>): T {
  if (!opened.ok) throw new Error(describeEndError(opened.error));
  return opened.value;
}
