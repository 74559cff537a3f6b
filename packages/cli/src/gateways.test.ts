import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seconds, systemClock, systemRandom, unwrap } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import {
  type EdgeRuntime,
  getRoutes,
  parseServicePath,
  SimpleClient,
  SwbusErrorCode,
  startEdge,
  traceRoute,
} from "@tandem/swbus/edge";
import { type GatewayNode, gatewayNodes } from "@tandem/swbus/testing";
import { freePort } from "@tandem/swss/testing";
import { grpcBus } from "@tandem/wire";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { cliIsBuilt, cliPath, runCli } from "./testing/run-cli.js";

const SHAPE = { regions: 2, clusters: 2, nodes: 2 };
const SCOPE_WORDS = {
  client: "Client",
  inNode: "InNode",
  inCluster: "InCluster",
  inRegion: "InRegion",
  global: "Global",
};
const WORD_OF_SCOPE = ["", "", "InCluster", "InRegion", "Global"];

/** A swbusd process, and a tool of ours beside it. */
interface Place {
  readonly node: GatewayNode;
  readonly config: string;
  process: ChildProcess;
  readonly edge: EdgeRuntime;
  readonly client: SimpleClient;
}

let folder: string;
const places = new Map<string, Place>();

beforeEach((context) => needs(context, cliIsBuilt, "the CLI is not built; ./tandem test builds it"));

beforeAll(async () => {
  if (!cliIsBuilt) return;
  folder = mkdtempSync(join(tmpdir(), "tandem-gateways-"));
  const hosts = gatewayNodes(SHAPE, (host) => `${host}:1`).map(({ host }) => host);
  const endpoints = new Map<string, string>();
  for (const host of hosts) endpoints.set(host, `127.0.0.1:${await freePort()}`);
  const bus = grpcBus({ clock: systemClock });
  for (const node of gatewayNodes(SHAPE, (host) => endpoints.get(host) ?? "")) {
    const config = join(folder, `${node.name}.yaml`);
    writeFileSync(config, yamlOf(node));
    const edge = startEdge({
      bus,
      clock: systemClock,
      random: systemRandom,
      endpoint: node.config.endpoint,
      basePath: parseServicePath(`${node.name}/swbus-cli/test`),
      type: "client",
    });
    const client = new SimpleClient(edge, edge.basePath.withResource("story", "0"), systemClock);
    places.set(node.name, { node, config, process: start(config), edge, client });
  }
});

afterAll(async () => {
  for (const { edge, client } of places.values()) {
    client[Symbol.dispose]();
    await edge[Symbol.asyncDispose]();
  }
  await Promise.all([...places.values()].map(({ process }) => end(process, "SIGTERM")));
  if (cliIsBuilt) rmSync(folder, { recursive: true, force: true });
});

function yamlOf({ config }: GatewayNode): string {
  const routes = config.routes.map(({ path, scope }) => `  - { key: "${path}", scope: ${WORD_OF_SCOPE[scope]} }\n`);
  const peers = config.peers.map(
    ({ endpoint, type }) => `  - { endpoint: "${endpoint}", conn_type: ${SCOPE_WORDS[type]} }\n`,
  );
  return `endpoint: "${config.endpoint}"\nroutes:\n${routes.join("")}peers:\n${peers.join("")}`;
}

function start(config: string): ChildProcess {
  const env = { PATH: process.env["PATH"] ?? "", TANDEM_LOG: "stderr" };
  return spawn(process.execPath, [cliPath("main"), "swbusd", "-c", config], { env, stdio: "ignore" });
}

function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.kill(signal);
  return ended;
}

async function pingOf(from: string, to: string): Promise<string> {
  const client = places.get(from)?.client;
  if (client === undefined) throw new Error(from);
  try {
    using answers = client.open(parseServicePath(to), { kind: "ping" });
    const answer = await answers.next(seconds(2));
    return answer.ok ? (SwbusErrorCode[answer.value.code] ?? "") : answer.error.kind;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Waits until every pair of these is answered so. */
async function untilAll(pairs: readonly (readonly [string, string])[], answer: string): Promise<void> {
  const began = systemClock.monotonic();
  let open = [...pairs];
  while (open.length > 0) {
    const answers = await Promise.all(open.map(([from, to]) => pingOf(from, to)));
    open = open.filter((_, i) => answers[i] !== answer);
    if (open.length > 0 && systemClock.monotonic() - began > seconds(60))
      throw new Error(`${open[0]?.join(" -> ")}: ${answers[0]}, not ${answer}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function pairsOf(names: readonly string[]): (readonly [string, string])[] {
  return names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const));
}

async function trace(from: string, to: string): Promise<readonly string[]> {
  const place = places.get(from);
  if (place === undefined) throw new Error(from);
  const hops: string[] = [];
  for await (const { outcome } of traceRoute(place.client, parseServicePath(to), { hopsMax: 16, timeout: seconds(5) }))
    hops.push(outcome.kind === "answer" ? outcome.response.source.toString() : outcome.error.kind);
  return hops;
}

/** The way between every two of these. */
function traces(names: readonly string[]) {
  return Promise.all(pairsOf(names).map(async ([from, to]) => [from, to, await trace(from, to)] as const));
}

/** Longest way between two nodes, counting both. */
function longest(a: string, b: string): number {
  const [ra, ca] = a.split(".");
  const [rb, cb] = b.split(".");
  return ra !== rb ? 6 : ca !== cb ? 4 : 2;
}

test("two regions of two clusters: all reach all, around a gateway that dies, and no ghost of it stays", async () => {
  const names = [...places.keys()];
  await untilAll(pairsOf(names), "OK");

  for (const [from, to, way] of await traces(names)) {
    expect([way[0], way.at(-1)], `${from} -> ${to}`).toEqual([from, to]);
    expect(new Set(way).size, way.join(" ")).toBe(way.length);
    expect(way.length, way.join(" ")).toBeLessThanOrEqual(longest(from, to));
  }

  for (const { client, node } of places.values()) {
    const routes = unwrap(await getRoutes(client, parseServicePath(node.name)));
    const known = new Set(routes.map(({ path }) => path.toString()));
    // Own node aside: its cluster, the gateways of the next one, other clusters and regions, borders of other regions.
    expect(known.size, [...known].join(" ")).toBeLessThanOrEqual(9);
  }

  const printed = await runCli(["trace-route", "r1.c1.n1", "--config-file", places.get("r0.c0.n1")?.config ?? ""]);
  expect(printed.exitCode).toBe(0);
  expect(printed.stdout).toMatch(
    /^traceroute to r1\.c1\.n1, 10 hops max\n1 {2}r0\.c0\.n1 .*\n(?:\d {2}r\d\.c\d\.n\d .*\n)*\d {2}r1\.c1\.n1 /,
  );

  // It is gateway and border at once, and serves as both.
  const dead = "r0.c0.n0";
  const others = names.filter((name) => name !== dead);
  const place = places.get(dead);
  if (place === undefined) throw new Error(dead);
  await end(place.process, "SIGKILL");
  await untilAll(pairsOf(others), "OK");
  await untilAll(
    others.map((name) => [name, dead] as const),
    "NO_ROUTE",
  );
  for (const [from, to, way] of await traces(others)) {
    expect(way, `${from} -> ${to}`).not.toContain(dead);
    expect(way.at(-1)).toBe(to);
    expect(new Set(way).size, way.join(" ")).toBe(way.length);
  }

  place.process = start(place.config);
  await untilAll(
    others.map((name) => [name, dead] as const),
    "OK",
  );
}, 240_000);
