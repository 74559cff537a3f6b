import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { systemClock, unwrap } from "@tandem/base";
import { needs, TestCa } from "@tandem/base/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import type { BusStream } from "./bus.js";
import { grpcBus } from "./grpc-bus.js";
import type { TlsMaterial } from "./tls.js";

const METHOD = "/test.Bus/Stream";
const COUNT = 1000;
const PEER = fileURLToPath(new URL("testdata/grpc_peer.py", import.meta.url));

const python = ["python3", "/usr/bin/python3"].find(
  (program) => spawnSync(program, ["-c", "import grpc"], { stdio: "ignore" }).status === 0,
);

const ca = new TestCa();
/** Clients that are none of ours check a host name. */
const SERVER: TlsMaterial = {
  ...ca.issue({ name: "server", uris: ["swbus:/r.c.server"], hosts: ["server.test"] }),
  ca: ca.cert,
};
const CLIENT = ca.material("r.c.client");
const busWith = (material: TlsMaterial) =>
  grpcBus({ clock: systemClock, tls: { material: () => material, loopback: true } });

const message = (i: number): string => `${i} ${"x".repeat(i % 300)}`;

async function echoServer() {
  const streams: BusStream[] = [];
  const serve = (stream: BusStream): void => {
    streams.push(stream);
    void (async () => {
      for await (const batch of stream.batches) for (const request of batch) stream.send(request);
    })();
  };
  const server = unwrap(
    await busWith(SERVER).listen({
      endpoint: "127.0.0.1:0",
      method: METHOD,
      accept: (metadata, _, { certificate }) => ({
        accept: true,
        metadata: { "x-echo": metadata["x-path"] ?? "none", "x-certificate": certificate?.uris.join() ?? "" },
        serve,
      }),
    }),
  );
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { endpoint: server.endpoint, streams };
}

async function expectEchoes(endpoint: string): Promise<void> {
  const dialed = await busWith(CLIENT).dial({ endpoint, method: METHOD, metadata: { "x-path": "a.b.c" } });
  const stream = unwrap(dialed);
  expect(stream.metadata["x-echo"]).toBe("a.b.c");
  expect(stream.certificate?.uris).toEqual(["swbus:/r.c.server"]);
  for (let i = 0; i < COUNT; i++) stream.send(Buffer.from(message(i)));
  const received: string[] = [];
  for await (const batch of stream.batches) {
    for (const data of batch) received.push(Buffer.from(data).toString());
    if (received.length === COUNT) break;
  }
  expect(received).toEqual(Array.from({ length: COUNT }, (_, i) => message(i)));
  stream.close();
  expect(await stream.ended).toEqual({ code: 0, detail: "" });
}

describe("over TLS, grpc-js", () => {
  const bytes = (data: Buffer): Buffer => data;
  const root = Buffer.from(ca.cert);

  test("as client: its certificate is known, its messages come back, OK at the end", async () => {
    const { endpoint } = await echoServer();
    const credentials = grpc.credentials.createSsl(root, Buffer.from(CLIENT.key), Buffer.from(CLIENT.cert));
    const client = new grpc.Client(endpoint, credentials, { "grpc.ssl_target_name_override": "server.test" });
    onTestFinished(() => client.close());
    const stream = client.makeBidiStreamRequest(METHOD, bytes, bytes);
    const metadata = await new Promise<grpc.Metadata>((resolve) => stream.on("metadata", resolve));
    expect(metadata.get("x-certificate")).toEqual(["swbus:/r.c.client"]);
    let received = 0;
    const all = new Promise<void>((resolve) => {
      stream.on("data", (data: Buffer) => {
        expect(data.toString()).toBe(message(received));
        received += 1;
        if (received === COUNT) resolve();
      });
    });
    for (let i = 0; i < COUNT; i++) stream.write(Buffer.from(message(i)));
    await all;
    const status = new Promise<grpc.StatusObject>((resolve) => stream.on("status", resolve));
    stream.end();
    expect((await status).code).toBe(0);
  });

  test("as client without a certificate: it is not let in", async () => {
    const { endpoint, streams } = await echoServer();
    const client = new grpc.Client(endpoint, grpc.credentials.createSsl(root), {
      "grpc.ssl_target_name_override": "server.test",
    });
    onTestFinished(() => client.close());
    const stream = client.makeBidiStreamRequest(METHOD, bytes, bytes);
    stream.on("error", () => {});
    stream.resume();
    const status = await new Promise<grpc.StatusObject>((resolve) => stream.on("status", resolve));
    expect(status.code).toBe(14);
    expect(streams).toEqual([]);
  });

  test("as server: metadata, messages, OK at the end", async () => {
    const server = new grpc.Server();
    const stream = { path: METHOD, requestStream: true, responseStream: true } as const;
    const codec = { requestSerialize: bytes, requestDeserialize: bytes };
    server.addService(
      { stream: { ...stream, ...codec, responseSerialize: bytes, responseDeserialize: bytes } },
      {
        stream: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
          const metadata = new grpc.Metadata();
          metadata.set("x-echo", String(call.metadata.get("x-path")[0]));
          call.sendMetadata(metadata);
          call.on("data", (data: Buffer) => call.write(data));
          call.on("end", () => call.end());
        },
      },
    );
    const pair = { private_key: Buffer.from(SERVER.key), cert_chain: Buffer.from(SERVER.cert) };
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createSsl(root, [pair], true), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    );
    onTestFinished(() => server.forceShutdown());
    await expectEchoes(`127.0.0.1:${port}`);
  });
});

describe("over TLS, a C-core peer", () => {
  /** A peer with the certificate of `material` in files that go with the test. */
  function peer(
    material: TlsMaterial,
    ...args: string[]
  ): { child: ChildProcess; said: Promise<Record<string, unknown>> } {
    const folder = mkdtempSync(join(tmpdir(), "tandem-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const files = (["ca", "cert", "key"] as const).map((name) => {
      writeFileSync(join(folder, name), material[name]);
      return join(folder, name);
    });
    const env = { ...process.env, TLS: files.join(":") };
    const child = spawn(python as string, [PEER, ...args], { stdio: ["pipe", "pipe", "inherit"], env });
    const said = once(createInterface({ input: child.stdout }), "line").then(([line]) => JSON.parse(String(line)));
    return { child, said };
  }

  test("as client: metadata, messages, OK at the end; with a certificate of another CA it is not let in", async (t) => {
    needs(t, python !== undefined, "python3-grpcio is not installed");
    const { endpoint } = await echoServer();
    const stranger = { ...new TestCa("Other CA").material("r.c.client"), ca: ca.cert };
    const [echoed, refused] = await Promise.all([
      peer(CLIENT, "call", endpoint, "a.b.c////", "1000").said,
      peer(stranger, "call", endpoint, "a.b.c////", "1").said,
    ]);
    expect(echoed).toEqual({ echo: "a.b.c////", received: 1000, code: 0, detail: "" });
    expect(refused).toMatchObject({ received: 0, code: 14 });
  });

  test("as server: metadata, messages, OK at the end", async (t) => {
    needs(t, python !== undefined, "python3-grpcio is not installed");
    const { child, said } = peer(SERVER, "serve");
    const ended = once(child, "exit");
    onTestFinished(async () => {
      child.stdin?.end();
      await ended;
    });
    await expectEchoes(`127.0.0.1:${(await said)["port"]}`);
  });
});
