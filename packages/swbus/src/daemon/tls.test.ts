import { type Clock, seconds, systemClock } from "@tandem/base";
import { TestCa } from "@tandem/base/testing";
import { freePort } from "@tandem/swss/testing";
import { grpcBus, type TlsMaterial } from "@tandem/wire";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEdge } from "../edge/edge.js";
import { SwbusErrorCode } from "../gen/swbus_pb.js";
import { parseServicePath } from "../service-path.js";
import { SwbusWorld, swbusConfig } from "../testing/swbus-world.js";
import type { SwbusdEvent } from "./events.js";

const clock: Clock = systemClock;
const ca = new TestCa();

/** A bus end whose certificate names these paths; `swap` replaces it. */
function busOf(...paths: readonly string[]) {
  return busWith(ca.material(...paths));
}
function busWith(first: TlsMaterial) {
  let material = first;
  const bus = grpcBus({ clock, tls: { material: () => material, loopback: true } });
  return { bus, swap: (next: TlsMaterial) => (material = next) };
}

let world: SwbusWorld;
beforeEach(() => {
  world = new SwbusWorld({ clock, busOf: () => grpcBus({ clock }) });
});
afterEach(() => world[Symbol.asyncDispose]());

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function pair(first: string, second: string, secondNames: readonly string[] = [second]) {
  const [a, b] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const at = [busOf(first), busOf(...secondNames)] as const;
  const one = await world.swbusd(swbusConfig(a, [first], { [b]: "inCluster" }), at[0].bus);
  const two = await world.swbusd(swbusConfig(b, [second], { [a]: "inCluster" }), at[1].bus);
  return { a, b, one, two, at };
}

async function pingAnswer(endpoint: string, from: string, to: string, bus = busOf(from).bus): Promise<SwbusErrorCode> {
  const edge = world.edge(endpoint, from, "client", bus);
  await until(() => edge.connected);
  const client = world.client(edge);
  using answers = client.open(parseServicePath(to), { kind: "ping" });
  const answer = await answers.next(seconds(10));
  if (!answer.ok) throw new Error(answer.error.kind);
  return answer.value.code;
}

test("swbusd, peer and tool talk over TLS", async () => {
  const { a, one, two } = await pair("r.c.n1", "r.c.n2");
  await until(() => one.links.length === 2 && two.links.length === 2);
  expect(await pingAnswer(a, "r.c.n1/swbus-cli/1", "r.c.n2")).toBe(SwbusErrorCode.OK);
  expect(world.told("refused")).toEqual([]);
});

test("a peer whose certificate names another node is refused at both ends, told with all there is to know", async () => {
  const { a, one } = await pair("r.c.n1", "r.c.n2", ["r.c.n3"]);
  await until(() => one.stats.connectionsRefused >= 4);
  expect(one.links).toEqual([]);
  const incoming = world.events.find(
    ({ at, event }) => at === a && event.kind === "refused" && event.claimed !== "r.c.n2////",
  );
  expect(incoming?.event).toMatchObject({
    kind: "refused",
    claimed: "r.c.n2//// as IN_CLUSTER",
    certificate: "CN=r.c.n3 (swbus:/r.c.n3)",
    reason: "certificateName",
    detail: "the certificate of CN=r.c.n3 names swbus:/r.c.n3: expected swbus:/r.c.n2",
    effect: "the stream is refused",
  });
  const outgoing = world.events.find(
    ({ at, event }) => at === a && event.kind === "refused" && event.claimed === "r.c.n2////",
  );
  expect(outgoing?.event).toMatchObject({ reason: "certificateName", effect: expect.stringContaining("we dialed") });
  expect(one.stats.refused.get("certificateName")).toBeGreaterThanOrEqual(4);
});

test("an edge does not speak to a swbusd that cannot prove to be its node", async () => {
  const a = `127.0.0.1:${await freePort()}`;
  await world.swbusd(swbusConfig(a, ["r.c.n1"]), busOf("r.c.n9").bus);
  const failure = await new Promise<string>((resolve) => {
    const edge = startEdge({
      bus: busOf("r.c.n1").bus,
      clock,
      random: { next: () => 0.5 } as never,
      endpoint: a,
      basePath: parseServicePath("r.c.n1/hamgrd/0"),
      type: "inNode",
      observer: (event) => {
        if (event.kind !== "dialFailed") return;
        void edge[Symbol.asyncDispose]();
        resolve(event.detail);
      },
    });
  });
  expect(failure).toBe("the certificate of CN=r.c.n9 names swbus:/r.c.n9: expected swbus:/r.c.n1");
});

test("plaintext peers and tools are not let in, and are told of", async () => {
  const a = `127.0.0.1:${await freePort()}`;
  const secure = await world.swbusd(swbusConfig(a, ["r.c.n1"]), busOf("r.c.n1").bus);
  await world.swbusd(swbusConfig(`127.0.0.1:${await freePort()}`, ["r.c.n2"], { [a]: "inCluster" }));
  await until(() => (secure.stats.refused.get("plaintext") ?? 0) >= 1);
  expect(world.told("refused")[0]).toMatchObject({
    claimed: "",
    certificate: "",
    reason: "plaintext",
    detail: "no TLS record: it speaks plaintext, expected TLS",
    effect: "the connection is closed",
  });
  expect(secure.links).toEqual([]);
});

test("certificates change under traffic: every ping is answered, streams that stand go on, new ones use the new CA", async () => {
  const { a, one, two, at } = await pair("r.c.n1", "r.c.n2");
  await until(() => one.links.length === 2 && two.links.length === 2);
  const edge = world.edge(a, "r.c.n1/swbus-cli/1", "client", busOf("r.c.n1").bus);
  await until(() => edge.connected);
  const client = world.client(edge);
  const newCa = new TestCa("New CA");
  const links = one.links.map(({ id }) => id);
  for (let i = 0; i < 300; i++) {
    if (i === 100) for (const [n, { swap }] of at.entries()) swap(newCa.material(`r.c.n${n + 1}`));
    using answers = client.open(parseServicePath("r.c.n2"), { kind: "ping" });
    const answer = await answers.next(seconds(10));
    expect(answer.ok && answer.value.code, `ping ${i}`).toBe(SwbusErrorCode.OK);
  }
  expect(one.links.map(({ id }) => id)).toEqual(links);
  // Whoever comes now shows a certificate of the new CA.
  const late = busWith(newCa.material("r.c.n1")).bus;
  expect(await pingAnswer(a, "r.c.n1/swbus-cli/2", "r.c.n2", late)).toBe(SwbusErrorCode.OK);
  const old = world.edge(a, "r.c.n1/swbus-cli/3", "client", busOf("r.c.n1").bus);
  await until(
    () => (one.stats.refused.get("handshakeFailed") ?? 0) + (one.stats.refused.get("untrustedCertificate") ?? 0) > 0,
  );
  expect(old.connected).toBe(false);
});

test("garbage from many connections costs a bounded number of lines", async () => {
  const a = `127.0.0.1:${await freePort()}`;
  const secure = await world.swbusd(swbusConfig(a, ["r.c.n1"]), busOf("r.c.n1").bus);
  const plain = grpcBus({ clock });
  for (let i = 0; i < 200; i++) await plain.dial({ endpoint: a, method: "/x", metadata: {} });
  await until(() => secure.stats.connectionsRefused === 200);
  const told = world.told("refused") as Extract<SwbusdEvent, { kind: "refused" }>[];
  expect(told.map(({ times }) => times)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
});
