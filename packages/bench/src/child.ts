import { systemClock, systemRandom, unwrap } from "@tandem/base";
import { grpcBus, startSwbusd } from "@tandem/swbus";
import { dataMessage, startEdge, waitConnected } from "@tandem/swbus/edge";
import { swbusConfig } from "@tandem/swbus/testing";
import { ZmqConsumerStateTable, ZmqServer, zmqSockets } from "@tandem/swss";
import { freePort } from "@tandem/swss/testing";
import { ASIC_ROLES, burst } from "./asic/roles.js";
import { ACK_EVERY, CONNECT_LIMIT, NODE, SINK, ZMQ_DB, ZMQ_TABLE } from "./bench-names.js";
import { storesInName } from "./bench-store.js";
import type { Question, Role, Told } from "./child-messages.js";
import { echoServer } from "./floors/http2-echo.js";
import { plainPull } from "./floors/plain-zeromq.js";
import { Tally } from "./tally.js";

/** Does what `Role` says until the benchmark that started it goes away. */
type Start = (tally: Tally, args: readonly string[]) => Promise<string>;

const ROLES: Readonly<Record<Role, Start>> = {
  swbusd: async () => {
    const endpoint = `127.0.0.1:${await freePort()}`;
    const bus = grpcBus({ clock: systemClock });
    const config = swbusConfig(endpoint, [NODE]);
    const daemon = await startSwbusd({ config, bus, clock: systemClock, random: systemRandom });
    await daemon.listening;
    return endpoint;
  },

  swbusReceiver: async (_tally, [endpoint = ""]) => {
    const bus = grpcBus({ clock: systemClock });
    const edge = startEdge({
      bus,
      endpoint,
      basePath: SINK,
      type: "inNode",
      clock: systemClock,
      random: systemRandom,
    });
    let count = 0;
    edge.register(SINK.withResource("count", "0"), "public", ({ source, destination }) => {
      count += 1;
      if (count % ACK_EVERY === 0) unwrap(edge.send(dataMessage(edge.newId(), destination, source, new Uint8Array())));
      return true;
    });
    edge.register(SINK.withResource("echo", "0"), "public", ({ source, destination, body }) => {
      if (body.kind === "data") unwrap(edge.send(dataMessage(edge.newId(), destination, source, body.payload)));
      return true;
    });
    if (!(await waitConnected(edge, systemClock, CONNECT_LIMIT))) throw new Error(`no swbusd at ${endpoint}`);
    return SINK.toString();
  },

  http2Echo: () => echoServer(),

  zmqTable: async (tally) => {
    const server = new ZmqServer(zmqSockets(), "tcp://127.0.0.1:*");
    const table = new ZmqConsumerStateTable(unwrap(storesInName().open(ZMQ_DB)), ZMQ_TABLE, server);
    unwrap(await server.bind());
    void (async () => {
      for await (const changes of table) tally.add(changes.length);
    })();
    return server.endpoint;
  },

  plainPull: async (tally) => (await plainPull(() => tally.add(1))).endpoint,

  simulator: () => Promise.resolve("here"),

  ...ASIC_ROLES,
};

const tally = new Tally();
const tell = (told: Told): void => void process.send?.(told);

async function answer(question: Question): Promise<void> {
  switch (question.ask) {
    case "count":
      return tally.whenReached(question.count, () => tell({ tell: "counted" }));
    case "cpu": {
      const { user, system } = process.cpuUsage();
      return tell({ tell: "cpu", micros: user + system });
    }
    case "burst":
      return tell({ tell: "burst", ran: await burst(question.requests) });
    case "seed":
      return tell({ tell: "seed", ran: await (await import("./simulator-role.js")).seedRan(question.seed) });
    case "bareClock":
      return tell({
        tell: "bareClock",
        micros: await (await import("./simulator-role.js")).bareClock(question.timers),
      });
  }
}

process.on("disconnect", () => process.exit());
process.on("message", (question: Question) => {
  void answer(question);
});

const [role, ...args] = process.argv.slice(2);
tell({ tell: "ready", address: await ROLES[role as Role](tally, args) });
