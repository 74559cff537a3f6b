import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Millis, seconds, systemClock, unwrap, within } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import { type HostedProcess, type ProcessHost, systemProcesses } from "@tandem/daemon";
import { grpcBus } from "@tandem/swbus";
import { type Fields, type Store, untilConnected } from "@tandem/swss";
import { databaseConfigText, freePort, type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { afterEach, beforeEach, test } from "vitest";
import { missingForProcesses, TANDEM } from "../testing/tandem-command.js";

const missing = missingForProcesses();
const LINE_LIMIT: Millis = seconds(60);

let folder: string;
let dbConfig: string;
let redis: RedisServer;
let processes: ProcessHost;

beforeEach(async (context) => {
  needs(context, missing === "", missing);
  folder = await mkdtemp(join(tmpdir(), "tandem-bad-input-"));
  processes = systemProcesses();
  redis = await startRedis({ socket: join(folder, "redis.sock") });
  dbConfig = join(folder, "database_global.json");
  await writeFile(join(folder, "redis.json"), databaseConfigText({ socket: redis.socket }));
  const includes = [{ include: "redis.json" }, { container_name: "dpu0", include: "redis.json" }];
  await writeFile(dbConfig, JSON.stringify({ INCLUDES: includes }));
});

afterEach(async () => {
  await processes?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

function start(name: "swbusd" | "hamgrd", ...flags: readonly string[]): HostedProcess {
  const [command, ...args] = TANDEM;
  const all = [...args, name, ...flags, ...(name === "hamgrd" ? ["--record-dir", folder] : [])];
  return processes.start({ name, command, args: all, env: { TANDEM_LOG: "stderr" }, log: logOf(name) });
}

const logOf = (name: string): string => join(folder, `${name}.log`);

const line = (process: HostedProcess, match: RegExp): Promise<string> =>
  process.untilLine(match, AbortSignal.timeout(LINE_LIMIT));

/** Lines of a daemon's whole log that are warnings or errors, without time and origin. */
function complaints(name: string): readonly string[] {
  const found = readFileSync(logOf(name), "utf8").matchAll(/\b(?:warning|error|warn): (.*)$/gm);
  return [...found].map(([, text]) => text as string);
}

async function scrape(port: number, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${port}${path}`)).text();
}

async function hset(store: Store, key: string, fields: Fields): Promise<void> {
  unwrap(await store.command(["HSET", key, ...Object.entries(fields).flat()]));
}

function hold(port: number): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen({ host: "127.0.0.1", port }, () => resolve(server)));
}

test("daemons on a switch that is not there yet: one thing after the other is waited for, each told once", async () => {
  await redis.kill9();
  const [swbusdMetrics, hamgrdMetrics] = [await freePort(), await freePort()];
  const swbusd = start("swbusd", "-s", "0", "--db-config", dbConfig, "--metrics-port", String(swbusdMetrics));
  const hamgrd = start("hamgrd", "-s", "0", "--db-config", dbConfig, "--metrics-port", String(hamgrdMetrics));
  const lost = new RegExp(`not connected \\(.*${redis.socket}`);
  await Promise.all([line(swbusd, lost), line(hamgrd, lost)]);
  assert.match(await scrape(hamgrdMetrics, "/metrics"), /^tandem_hamgrd_redis_lost\{slot="switch"\} 1$/m);
  assert.match(await scrape(swbusdMetrics, "/ready"), /CONFIG_DB: not connected/);

  await redis.restart();
  await Promise.all([swbusd, hamgrd].map((daemon) => line(daemon, /DEVICE_METADATA\|localhost: region is missing/)));
  await using stores = redisStoresAt({ socket: redis.socket });
  const store = unwrap(stores.open({ db: "CONFIG_DB" }));
  await untilConnected(store);
  await hset(store, "DEVICE_METADATA|localhost", { region: "r", cluster: "c", hostname: "sw0" });
  await Promise.all([swbusd, hamgrd].map((daemon) => line(daemon, /LOOPBACK_INTERFACE.*: no address yet/)));
  assert.match(await scrape(hamgrdMetrics, "/ready"), /no address yet/);
  await hset(store, "LOOPBACK_INTERFACE|Loopback0|127.0.0.1/32", { NULL: "NULL" });
  await Promise.all([swbusd, hamgrd].map((daemon) => line(daemon, /CONFIG_DB DPU: no usable row with dpu_id 0 yet/)));
  const swbus_port = String(await freePort());
  const dpu = { dpu_id: "0", pa_ipv4: "18.0.0.1", midplane_ipv4: "127.0.0.1", orchagent_zmq_port: "8100", swbus_port };
  await hset(store, "DPU|dpu0", dpu);
  await Promise.all([line(swbusd, /listening/), line(hamgrd, /ready as r\.c\.sw0-dpu0\/hamgrd\/0/)]);
  assert.match(await scrape(hamgrdMetrics, "/metrics"), /^tandem_hamgrd_redis_lost\{slot="switch"\} 0$/m);
  for (const name of ["swbusd", "hamgrd"]) {
    const told = complaints(name);
    assert.deepEqual([...new Set(told)], told, `${name} repeats itself`);
    // The switch's databases and the DPU's, which live in one Redis here, are told of apart.
    assert.equal(told.filter((text) => text.includes("not connected")).length, name === "hamgrd" ? 2 : 1);
  }
});

test("a bus port that is taken is told once, and bound once it is free; a taken metrics port costs only the metrics", async () => {
  const [port, metrics] = [await freePort(), await freePort()];
  const holders = [await hold(port), await hold(metrics)];
  const config = join(folder, "swbusd.yaml");
  await writeFile(config, `endpoint: 127.0.0.1:${port}\nroutes:\n- key: r.c.n\n  scope: InCluster\npeers: []\n`);
  const swbusd = start("swbusd", "-c", config, "--metrics-port", String(metrics));
  await line(swbusd, /cannot listen, trying again each second .*EADDRINUSE/);
  await line(swbusd, new RegExp(`${metrics}.*; going on without`));
  await line(swbusd, /configuration in force/);
  for (const holder of holders) holder.close();
  await line(swbusd, /info: listening/);
  assert.equal(complaints("swbusd").length, 2);
});

test("a YAML file that breaks: the last good one stays, the line is named; mended, it is taken", async () => {
  const port = await freePort();
  const config = join(folder, "swbusd.yaml");
  const good = `endpoint: 127.0.0.1:${port}\nroutes:\n- key: r.c.n\n  scope: InCluster\n`;
  await writeFile(config, `${good}peers: []\n`);
  const swbusd = start("swbusd", "-c", config);
  await line(swbusd, /info: listening/);
  await writeFile(config, `${good}peers: [\n`);
  swbusd.kill("SIGHUP");
  await line(swbusd, /waiting: .*swbusd\.yaml:\d+:\d+: not YAML: .*; the last good configuration stays/);
  await writeFile(config, `${good}peers:\n- endpoint: nowhere\n  conn_type: InCluster\n`);
  swbusd.kill("SIGHUP");
  await line(swbusd, /swbusd\.yaml:6 peers\.0\.endpoint: .*; it is skipped/);
  await writeFile(config, `${good}peers:\n- endpoint: 127.0.0.1:${await freePort()}\n  conn_type: InCluster\n`);
  swbusd.kill("SIGHUP");
  await line(swbusd, /configuration in force .*peers=1/);
  assert.equal(complaints("swbusd").filter((text) => !text.includes("not reachable")).length, 2);
});

test("peers that send 5 MiB, garbage, or no HTTP at all cost their own connection and a line each", async () => {
  const [port, metrics] = [await freePort(), await freePort()];
  const config = join(folder, "swbusd.yaml");
  await writeFile(config, `endpoint: 127.0.0.1:${port}\nroutes:\n- key: r.c.n\n  scope: InCluster\npeers: []\n`);
  const swbusd = start("swbusd", "-c", config, "--metrics-port", String(metrics));
  await line(swbusd, /info: listening/);
  const bus = grpcBus({ clock: systemClock, messageBytesMax: 16 * 1024 * 1024, dialTimeout: LINE_LIMIT });
  const dial = async (path: string) =>
    bus.dial({
      endpoint: `127.0.0.1:${port}`,
      method: "/swbus.SwbusService/StreamMessages",
      metadata: { "x-swbus-service-path": path, "x-swbus-connection-type": "CONNECTION_TYPE_IN_CLUSTER" },
    });
  const large = unwrap(await dial("r.c.large////"));
  large.send(new Uint8Array(5 * 1024 * 1024));
  assert.equal((await large.ended).code, 8);
  await line(swbusd, /connection lost .*path=r\.c\.large code=8 detail=.*5242880 bytes is larger than the maximum/);

  const own = await dial("r.c.n////");
  assert(!own.ok && own.error.detail.includes("r.c.n is this swbusd's own path"));
  await line(swbusd, /stream refused .*own path/);

  const garbage = unwrap(await dial("r.c.garbage////"));
  garbage.send(Buffer.from("no message"));
  await line(swbusd, /message dropped: expected an SwbusMessage/);
  const raw = connect({ host: "127.0.0.1", port });
  const closed = new Promise((resolve) => raw.once("close", resolve));
  raw.on("error", () => {});
  raw.resume();
  raw.write(Buffer.alloc(70_000, "GET / HTTP/1.1\r\n\r\n"));
  assert(
    await within(
      systemClock,
      LINE_LIMIT,
      closed.then(() => true),
    ),
  );

  assert.equal(swbusd.running, true);
  unwrap(await dial("r.c.good////")).close();
  await line(swbusd, /connected .*path=r\.c\.good/);
  garbage.close();
  // Counts become metrics once a second.
  let text = "";
  while (!/^tandem_swbusd_bad_messages_total 1$/m.test(text)) text = await scrape(metrics, "/metrics");
  assert.match(text, /^tandem_swbusd_refusals_total\{reason="ownPath"\} 1$/m);
  assert.match(text, /^tandem_swbusd_refusals_total\{reason="notHttp2"\} 1$/m);
});
