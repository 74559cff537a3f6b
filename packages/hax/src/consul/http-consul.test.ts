import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { millis, seconds, systemClock, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { afterEach, expect, test } from "vitest";
import { startConsulDouble } from "../consul-double/consul-double.js";
import type { ConsulCallReport, ConsulHttpOptions } from "./consul-http.js";
import { HttpConsul } from "./http-consul.js";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

function client(addresses: readonly URL[], options: Partial<ConsulHttpOptions> = {}): HttpConsul {
  const consul = new HttpConsul({ clock: systemClock, addresses, ...options });
  open.push(consul);
  return consul;
}

async function serve(answer: RequestListener): Promise<URL> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  open.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  });
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** An address where nobody listens. */
async function nobody(): Promise<URL> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return new URL(`http://127.0.0.1:${port}`);
}

async function double(options: { readonly token?: string } = {}) {
  const started = await startConsulDouble({ node: "alpha1", ...options });
  open.push(started);
  return started;
}

test("the next address is asked when one cannot be reached, reads and writes alike", async () => {
  const { url } = await double();
  const consul = client([await nobody(), url]);
  expect(unwrap(await consul.put("k", "v"))).toBe(true);
  expect(unwrap(await consul.get("k")).value?.text).toBe("v");
});

test("a write whose connection breaks is not sent to another address: it may have been carried out", async () => {
  const { url, requests } = await double();
  const breaking = await serve((request) => request.socket.destroy());
  const put = await client([breaking, url]).put("k", "v");
  expect(put).toMatchObject({ ok: false, error: { kind: "unreachable" } });
  expect(requests).toBe(0);
});

test("without anybody to answer, the failure names the call and the address", async () => {
  const address = await nobody();
  const get = await client([address]).get("leader");
  const what = `GET /v1/kv/leader of ${address.host}: ECONNREFUSED`;
  expect(get).toEqual({ ok: false, error: { kind: "unreachable", what } });
});

test("a call that is not answered ends at its deadline, and one that is given up at once", async () => {
  const clock = new VirtualClock();
  const arrived: (() => void)[] = [];
  const silent = await serve(() => arrived.shift()?.());
  const consul = client([silent], { clock });
  const taken = new Promise<void>((resolve) => arrived.push(resolve));
  const late = consul.get("k");
  await taken;
  await clock.advance(millis(4999));
  await clock.advance(millis(1));
  expect(await late).toMatchObject({ error: { kind: "timedOut" } });
  const ending = new AbortController();
  const given = consul.get("k", { signal: ending.signal });
  await settle();
  ending.abort();
  expect(await given).toMatchObject({ error: { kind: "cancelled" } });
});

test("the token goes with every call, and into no failure", async () => {
  const { url } = await double({ token: "s3cret" });
  expect(await client([url]).get("k")).toMatchObject({ error: { kind: "status", status: 403 } });
  expect(await client([url], { token: () => "s3cret" }).get("k")).toMatchObject({ ok: true });
  const telling = await serve((request, response) => {
    response.statusCode = 403;
    response.end(`no rights for ${request.headers["x-consul-token"]}`);
  });
  const told = await client([telling], { token: () => "s3cret" }).get("k");
  expect(told).toMatchObject({ error: { what: "GET /v1/kv/k: 403 no rights for (token)" } });
});

test("namespace and partition go with every call, reads, writes and transactions alike", async () => {
  const asked: string[] = [];
  const url = await serve((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://consul");
    asked.push(`${request.method} ${searchParams.get("ns")} ${searchParams.get("partition")}`);
    response.end(request.method === "GET" ? "[]" : "true");
  });
  const consul = client([url], { namespace: "storage", partition: "east" });
  await consul.get("k");
  await consul.put("k", "1");
  await consul.txn([{ verb: "delete", key: "k" }]);
  expect(asked).toEqual(["GET storage east", "PUT storage east", "PUT storage east"]);
});

for (const [body, says] of [
  ["{", "an answer that cannot be read"],
  ["{}", "expected an array"],
  ['[{"Key": "k", "ModifyIndex": "7"}]', "element 0: expected a number at ModifyIndex"],
  ["[3]", "element 0: expected an object"],
] as const)
  test(`an answer ${body} is a failure that says what was expected`, async () => {
    const url = await serve((_, response) => response.end(body));
    const get = await client([url]).get("k");
    expect(get).toMatchObject({ ok: false, error: { kind: "malformed" } });
    expect(get.ok ? "" : get.error.what).toContain(says);
  });

test("an answer beyond the bound is a failure, and its connection is closed", async () => {
  const url = await serve((_, response) => response.end("x".repeat(1000)));
  const get = await client([url], { answerMax: 100 }).get("k");
  expect(get).toMatchObject({ error: { kind: "malformed" } });
  expect(get.ok ? "" : get.error.what).toContain("more than 100 bytes");
});

test("#444: no leader is a failure with Consul's words, and calls work again when there is one", async () => {
  const agent = await double();
  const consul = client([agent.url]);
  agent.turn({ noLeader: true });
  const what = "GET /v1/kv/k: 500 No cluster leader";
  expect(await consul.get("k")).toEqual({ ok: false, error: { kind: "status", status: 500, what } });
  agent.turn({ noLeader: false });
  expect(await consul.get("k")).toMatchObject({ ok: true });
});

test("#1404: a hundred calls at once share at most eight connections", async () => {
  const sockets = new Set<unknown>();
  const url = await serve((request, response) => {
    sockets.add(request.socket);
    response.end("[]");
  });
  const consul = client([url]);
  await Promise.all(Array.from({ length: 100 }, () => consul.get("k")));
  expect(sockets.size).toBeLessThanOrEqual(8);
});

test("every call is reported with its outcome", async () => {
  const reports: ConsulCallReport[] = [];
  const agent = await double();
  const consul = client([agent.url], { observer: (report) => reports.push(report) });
  await consul.put("k", "v");
  await consul.get("k", { index: 1, waitMs: seconds(1) });
  await client([await nobody()], { observer: (report) => reports.push(report) }).get("k");
  expect(reports.map(({ method, waiting, outcome }) => `${method} ${waiting} ${outcome}`)).toEqual([
    "PUT false answered",
    "GET true answered",
    "GET false unreachable",
  ]);
});

test("a read that waits is told at once that Consul has no leader any more", async () => {
  const agent = await startConsulDouble({ node: "alpha1" });
  open.push(agent);
  const consul = client([agent.url]);
  const { index } = unwrap(await consul.get("leader"));
  const waiting = consul.get("leader", { index: Math.max(1, index), waitMs: seconds(60) });
  await expect.poll(() => agent.requests).toBe(2);
  agent.turn({ noLeader: true });
  expect(await waiting).toMatchObject({ ok: false, error: { kind: "status", status: 500 } });
});
