import { type Clock, millis, seconds, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { type DaemonLogger, type Logger, type LogLevel, Metrics } from "@tandem/daemon";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";
import { MemoryNetwork } from "@tandem/wire/testing";
import { expect, test } from "vitest";
import { ping } from "../edge/probe.js";
import { parseServicePath } from "../service-path.js";
import { SwbusWorld, swbusConfig } from "../testing/swbus-world.js";
import { describeEvent, logEvents, publishStats } from "./report.js";
import { watchLogLevel } from "./watch-log-level.js";

function recordingLogger(lines: string[]): Logger {
  const at =
    (level: string) =>
    (message: string): void => {
      lines.push(`${level}: ${message}`);
    };
  const logger: Logger = {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    trace: at("trace"),
    child: () => logger,
  };
  return logger;
}

test("a bad row reads as where, what and what happens now", () => {
  const fault = { where: "CONFIG_DB DPU|x", detail: "dpu_id is missing", effect: "the row is skipped" };
  const lines: string[] = [];
  logEvents(recordingLogger(lines))({ kind: "badConfig", fault });
  expect(lines).toEqual(["error: CONFIG_DB DPU|x: dpu_id is missing; the row is skipped"]);
  expect(describeEvent({ kind: "listening", endpoint: "1.2.3.4:5" })).toEqual([
    "info",
    "listening",
    { endpoint: "1.2.3.4:5" },
  ]);
});

test("counts become metrics within a second", async () => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock });
  await using world = new SwbusWorld({ clock, busOf: (host) => network.bus(host) });
  const daemon = await world.swbusd(swbusConfig("10.0.0.1:50", ["r.c.n1"]));
  const metrics = new Metrics();
  const stop = publishStats([daemon], metrics, clock);
  const edge = world.edge("10.0.0.1:50", "r.c.n1/tool/0", "client");
  await clock.advance(seconds(1));
  const work = async (): Promise<void> => {
    for await (const reply of ping(world.client(edge), parseServicePath("r.c.n1"), { count: 3, interval: millis(1) }))
      void reply;
  };
  await clock.run(work(), seconds(5));
  await clock.advance(seconds(1));
  expect(await metrics.value("tandem_swbusd_messages_received_total")).toBe(3);
  expect(await metrics.value("tandem_swbusd_answers_total", { code: "OK" })).toBe(3);
  await metrics.text();
  expect(await metrics.value("tandem_swbusd_connections")).toBe(1);
  stop();
});

test("the log level follows CONFIG_DB LOGGER, and a bad word is one error that leaves it", async () => {
  const clock = new VirtualClock();
  const redis = new MemoryRedis({ clock });
  const stores = new MemoryStores({ clock, random: { next: () => 0.5, uuid: () => "" }, servers: [{ redis }] });
  const store = unwrap(stores.open({ db: "CONFIG_DB" }));
  await clock.advance(seconds(1));
  await store.command(["CONFIG", "SET", "notify-keyspace-events", "KEA"]);
  const lines: string[] = [];
  const levels: LogLevel[] = [];
  const logger = {
    ...recordingLogger(lines),
    setLevel: (level: LogLevel) => levels.push(level) > 0,
  } as unknown as DaemonLogger;
  const stop = watchLogLevel(store, "swbusd", logger, clock satisfies Clock);
  await clock.advance(millis(10));
  await store.command(["HSET", "LOGGER|swbusd", "LOGLEVEL", "DEBUG"]);
  await clock.advance(millis(10));
  await store.command(["HSET", "LOGGER|swbusd", "LOGLEVEL", "LOUD"]);
  await clock.advance(millis(10));
  await store.command(["DEL", "LOGGER|swbusd"]);
  await clock.advance(seconds(31));
  expect(levels.slice(0, 3)).toEqual(["info", "debug", "info"]);
  expect(lines).toEqual([expect.stringContaining('LOGLEVEL is "LOUD"')]);
  stop();
  await clock.run(Promise.resolve(stores[Symbol.asyncDispose]()), seconds(5));
});
