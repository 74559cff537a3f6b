import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CleanUp, type Clock, type Millis, type Random, seededRandom, systemClock, unwrap, within } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { Databases, decodeDatabaseConfig, RedisStores, type Sockets, type Stores, zmqSockets } from "@tandem/swss";
import { databaseConfigText, freePort, MemoryRedis, MemoryStores, MemoryWires, startRedis } from "@tandem/swss/testing";
import { type Bus, grpcBus } from "@tandem/wire";
import { MemoryNetwork } from "@tandem/wire/testing";

/** What the daemons and the devices of one switch stand on. */
export interface SwitchPorts {
  readonly stores: Stores;
  readonly sockets: Sockets;
  readonly bus: Bus;
}

/** Two switches' worth of ports, on which any address may be used. */
export interface ExampleGround extends AsyncDisposable {
  readonly clock: Clock;
  readonly random: Random;
  /** In the order of the switches. */
  readonly ports: readonly SwitchPorts[];
  /** Lets `work` go on until it is done; throws beyond `limit`. */
  run<T>(what: string, work: Promise<T>, limit: Millis): Promise<T>;
  /** Lets everything that is under way come to an end, where that can be known. */
  pass?(duration: Millis): Promise<void>;
}

/** Everything in memory, under virtual time. */
export function simulatedGround(switches: number): ExampleGround {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const network = new MemoryNetwork({ clock });
  const stores: MemoryStores[] = [];
  const ports = Array.from({ length: switches }, (_, i): SwitchPorts => {
    const npu = new MemoryRedis({ clock, random, name: `sw${i}` });
    const dpu = new MemoryRedis({ clock, random, name: `sw${i}_dpu0` });
    const mine = new MemoryStores({ clock, random, servers: [{ redis: npu }, { redis: dpu, container: "dpu0" }] });
    stores.push(mine);
    return { stores: mine, sockets: new MemoryWires().sockets(), bus: network.bus(`switch${i}`) };
  });
  return {
    ...{ clock, random, ports },
    run: (_what, work, limit) => clock.run(work, limit),
    pass: (duration) => clock.advance(duration),
    async [Symbol.asyncDispose]() {
      for (const store of stores) store.abandon();
      for (const { sockets } of ports) await sockets[Symbol.asyncDispose]();
    },
  };
}

/** Real Redis, ZMQ and gRPC; addresses of the example lead to this machine. */
export async function realGround(switches: number): Promise<ExampleGround> {
  const cleanUp = new CleanUp();
  const folder = await mkdtemp(join(tmpdir(), "tandem-example-"));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const clock = systemClock;
  const random = seededRandom(1);
  const bus = busElsewhere(grpcBus({ clock }));
  const ports: SwitchPorts[] = [];
  for (let i = 0; i < switches; i++) {
    const { socket } = cleanUp.use(await startRedis());
    const path = "database_config.json";
    const config = unwrap(decodeDatabaseConfig(path, databaseConfigText({ socket })));
    const databases = new Databases(["", "dpu0"].map((container) => ({ path, container, namespace: "", config })));
    const stores = cleanUp.use(new RedisStores({ databases, clock, random }));
    const sockets = cleanUp.use(socketsElsewhere(zmqSockets(), join(folder, `sw${i}`)));
    ports.push({ stores, sockets, bus });
  }
  return {
    ...{ clock, random, ports },
    async run(what, work, limit) {
      const done = await within(
        clock,
        limit,
        work.then((value) => ({ value })),
      );
      if (done === undefined) throw new Error(`${what}: not within ${limit / 1000} s`);
      return done.value;
    },
    [Symbol.asyncDispose]: () => cleanUp[Symbol.asyncDispose](),
  };
}

/** `tcp://host:port` becomes a unix socket of that name below `folder`. */
function socketsElsewhere(sockets: Sockets, folder: string): Sockets {
  const elsewhere = (endpoint: string): string => `ipc://${folder}-${endpoint.replaceAll(/\W+/g, "-")}`;
  return {
    push: (endpoint) => sockets.push(elsewhere(endpoint)),
    pull: (endpoint, listener) => sockets.pull(elsewhere(endpoint), listener),
    [Symbol.asyncDispose]: () => sockets[Symbol.asyncDispose](),
  };
}

/** `host:port` becomes a free port of 127.0.0.1, the same one each time. */
function busElsewhere(bus: Bus): Bus {
  const ports = new Map<string, Promise<number>>();
  const elsewhere = async (endpoint: string): Promise<string> => {
    const port = ports.get(endpoint) ?? freePort();
    ports.set(endpoint, port);
    return `127.0.0.1:${await port}`;
  };
  return {
    listen: async (options) => bus.listen({ ...options, endpoint: await elsewhere(options.endpoint) }),
    dial: async (options, signal) => bus.dial({ ...options, endpoint: await elsewhere(options.endpoint) }, signal),
  };
}
