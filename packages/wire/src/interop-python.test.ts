import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { seconds, systemClock, unwrap } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import type { BusStream } from "./bus.js";
import { type GrpcBusOptions, grpcBus } from "./grpc-bus.js";

const METHOD = "/test.Bus/Stream";
const PEER = fileURLToPath(new URL("testdata/grpc_peer.py", import.meta.url));

/** A Python that has grpcio, whose core is the C one; Debian's is not always the first on the path. */
const python = ["python3", "/usr/bin/python3"].find(
  (program) => spawnSync(program, ["-c", "import grpc"], { stdio: "ignore" }).status === 0,
);

function peer(...args: string[]): { child: ChildProcess; said: Promise<Record<string, unknown>> } {
  const child = spawn(python as string, [PEER, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const said = once(createInterface({ input: child.stdout }), "line").then(([line]) => JSON.parse(String(line)));
  return { child, said };
}

const message = (i: number): string => `${i} ${"x".repeat(i % 300)}`;

/** A test that needs that Python, and says so where it is missing. */
function peerTest(name: string, run: () => Promise<void>): void {
  test(name, async (context) => {
    needs(context, python !== undefined, "python3-grpcio is not installed");
    await run();
  });
}

describe("a C-core peer", () => {
  peerTest("as client: metadata, messages, OK at the end, and a refusal", async () => {
    const serve = (stream: BusStream): void => {
      void (async () => {
        for await (const batch of stream.batches) for (const request of batch) stream.send(request);
      })();
    };
    const server = unwrap(
      await grpcBus({ clock: systemClock }).listen({
        endpoint: "127.0.0.1:0",
        method: METHOD,
        accept: (metadata) =>
          metadata["x-path"] === "refuse"
            ? { accept: false, code: 3, detail: "wrong: 100% ü" }
            : { accept: true, metadata: { "x-echo": metadata["x-path"] ?? "none" }, serve },
      }),
    );
    onTestFinished(() => server[Symbol.asyncDispose]());
    const [echoed, refused] = await Promise.all([
      peer("call", server.endpoint, "a.b.c////", "2000").said,
      peer("call", server.endpoint, "refuse", "1").said,
    ]);
    expect(echoed).toEqual({ echo: "a.b.c////", received: 2000, code: 0, detail: "" });
    expect(refused).toEqual({ echo: null, received: 0, code: 3, detail: "wrong: 100% ü" });
  });

  async function pythonServer(options: Partial<GrpcBusOptions> = {}) {
    const { child, said } = peer("serve");
    const ended = once(child, "exit");
    onTestFinished(async () => {
      child.stdin?.end();
      await ended;
    });
    const endpoint = `127.0.0.1:${(await said)["port"]}`;
    const bus = grpcBus({ clock: systemClock, ...options });
    const dial = (path: string, method = METHOD) => bus.dial({ endpoint, method, metadata: { "x-path": path } });
    return { endpoint, dial };
  }

  peerTest("as server: metadata, messages, OK at the end", async () => {
    const { dial } = await pythonServer();
    const stream = unwrap(await dial("a.b.c"));
    expect(stream.metadata["x-echo"]).toBe("a.b.c");
    const sent = Array.from({ length: 2000 }, (_, i) => message(i));
    for (const text of sent) stream.send(Buffer.from(text));
    const received: string[] = [];
    for await (const batch of stream.batches) {
      for (const data of batch) received.push(Buffer.from(data).toString());
      if (received.length === sent.length) break;
    }
    expect(received).toEqual(sent);
    stream.close();
    expect(await stream.ended).toEqual({ code: 0, detail: "" });
  });

  peerTest("as server: a refusal, an unknown method, an error status", async () => {
    const { endpoint, dial } = await pythonServer();
    const refused = await dial("refuse");
    expect(refused).toEqual({ ok: false, error: { kind: "refused", endpoint, code: 3, detail: "wrong: 100% ü" } });
    const unknown = await dial("x", "/test.Bus/Other");
    expect(!unknown.ok && unknown.error).toMatchObject({ kind: "refused", code: 12 });
    const stream = unwrap(await dial("x"));
    stream.send(Buffer.from("end"));
    expect(await stream.ended).toEqual({ code: 8, detail: "enough" });
  });

  peerTest("as server: one that calls our pings too many gets none when dialed again", async () => {
    // Short enough for its third ping to come soon, long enough for a busy machine to answer the first two.
    const pingy = { silence: seconds(2) };
    const { dial } = await pythonServer(pingy);
    expect((await unwrap(await dial("a")).ended).code).toBe(14);
    const second = unwrap(await dial("b"));
    // Meanwhile a connection with pings meets its end at another server.
    const other = await pythonServer(pingy);
    expect((await unwrap(await other.dial("a")).ended).code).toBe(14);
    second.send(Buffer.from("still there?"));
    for await (const [answer] of second.batches) {
      expect(Buffer.from(answer ?? []).toString()).toBe("still there?");
      break;
    }
    second.close();
    expect(await second.ended).toEqual({ code: 0, detail: "" });
  });
});
