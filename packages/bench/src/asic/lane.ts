import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AsicClient, ChannelMode, TransportName } from "@tandem/asic-channel";
import { CleanUp } from "@tandem/base";
import { freePort, type RedisServer, startRedis } from "@tandem/swss/testing";
import { Child } from "../child-process.js";
import { type ChannelPlace, openClient } from "./ends.js";

const WITHOUT_REDIS: readonly TransportName[] = ["grpc", "zmq", "shm"];

/** Memory, as the ring files of the product are. */
const FOLDER = "/dev/shm";

/** Where one channel is, with a Redis of its own where it needs one. */
export class LanePlace implements AsyncDisposable {
  readonly place: ChannelPlace;
  readonly redis: RedisServer | undefined;
  readonly #folder: string;

  private constructor(place: ChannelPlace, redis: RedisServer | undefined, folder: string) {
    this.place = place;
    this.redis = redis;
    this.#folder = folder;
  }

  static async make(transport: TransportName, mode: ChannelMode): Promise<LanePlace> {
    const redis = WITHOUT_REDIS.includes(transport) ? undefined : await startRedis();
    const folder = await mkdtemp(join(FOLDER, "tandem-bench-"));
    const place = {
      ...{ transport, mode, socket: redis?.socket ?? "", path: join(folder, "ring") },
      endpoint: `127.0.0.1:${await freePort()}`,
      zmqEndpoint: `tcp://127.0.0.1:${await freePort()}`,
      zmqNotificationEndpoint: `tcp://127.0.0.1:${await freePort()}`,
    };
    return new LanePlace(place, redis, folder);
  }

  /** For the role of a child. */
  get text(): string {
    return JSON.stringify(this.place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redis?.[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}

/** A client here, and its server in a process of its own. */
export class Lane implements AsyncDisposable {
  readonly client: AsicClient;
  readonly server: Child;
  readonly #cleanUp: CleanUp;

  private constructor(client: AsicClient, server: Child, cleanUp: CleanUp) {
    this.client = client;
    this.server = server;
    this.#cleanUp = cleanUp;
  }

  static async start(transport: TransportName, mode: ChannelMode): Promise<Lane> {
    const cleanUp = new CleanUp();
    try {
      const at = cleanUp.use(await LanePlace.make(transport, mode));
      const server = cleanUp.use(await Child.start("asicServer", at.text));
      const client = cleanUp.use(await openClient(at.place, cleanUp));
      return new Lane(client, server, cleanUp);
    } catch (error) {
      await cleanUp[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanUp[Symbol.asyncDispose]();
  }
}
