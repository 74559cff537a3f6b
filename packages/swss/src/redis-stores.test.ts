import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { seconds, seededRandom, systemClock, systemRandom, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { RedisStores } from "./redis-stores.js";
import { type Store, untilConnected } from "./store.js";
import { freePort, startRedis } from "./testing/redis-server.js";
import { databasesAt, redisStoresAt } from "./testing/redis-stores.js";

const ports = { clock: systemClock, random: systemRandom };

function down(store: Store): Promise<string> {
  return new Promise((resolve) => store.onDisconnect(resolve));
}

/** Why the first attempt to connect failed. */
async function firstFailure(store: Store): Promise<string> {
  for (;;) {
    const result = await store.command(["PING"]);
    const detail = !result.ok && result.error.kind === "disconnected" ? result.error.detail : "connected";
    if (detail !== "still connecting") return detail;
    await settle();
  }
}

test("a password opens a protected Redis, and does no harm to an open one", async () => {
  for (const config of [{ requirepass: "secret é" }, {}]) {
    await using server = await startRedis({ config });
    const databases = databasesAt(server);
    await using stores = new RedisStores({ databases, ...ports, passwords: new Map([["", "secret é"]]) });
    const store = unwrap(stores.open({ db: "STATE_DB" }));
    await untilConnected(store);
    expect(await store.command(["PING"])).toEqual({ ok: true, value: "PONG" });
  }
});

test("without or with a wrong password the store stays disconnected and says why", async () => {
  await using server = await startRedis({ config: { requirepass: "secret" } });
  for (const [password, reason] of [
    ["", /NOAUTH/],
    ["wrong", /WRONGPASS/],
  ] as const) {
    const clock = new VirtualClock();
    const options = { databases: databasesAt(server), clock, random: seededRandom(1) };
    await using stores = new RedisStores({ ...options, passwords: new Map([["", password]]) });
    const store = unwrap(stores.open({ db: "STATE_DB" }));
    expect(await firstFailure(store)).toMatch(reason);
  }
});

test("a database beyond what Redis has is reported, not confused with another", async () => {
  await using server = await startRedis({ databases: 4 });
  const clock = new VirtualClock();
  await using stores = new RedisStores({ databases: databasesAt(server), clock, random: seededRandom(1) });
  const store = unwrap(stores.open({ db: "STATE_DB" }));
  expect(await firstFailure(store)).toBe("ERR DB index is out of range");
});

test("an instance without a unix socket is reached by TCP", async () => {
  await using server = await startRedis({ port: true });
  await using stores = redisStoresAt({ port: server.port });
  const store = unwrap(stores.open({ db: "STATE_DB" }));
  await untilConnected(store);
  expect(await store.command(["PING"])).toEqual({ ok: true, value: "PONG" });
});

test("stores of one database share one connection, those of another do not", async () => {
  await using server = await startRedis();
  await using stores = redisStoresAt(server);
  const [a, b, c] = ["STATE_DB", "STATE_DB", "CONFIG_DB"].map((db) => unwrap(stores.open({ db })));
  const ids = await Promise.all(
    [a, b, c].map(async (store) => {
      await untilConnected(store as Store);
      return unwrap(await (store as Store).command(["CLIENT", "ID"]));
    }),
  );
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).not.toBe(ids[2]);
});

/** A server that speaks just enough RESP to be taken for Redis, until it falls silent. */
async function silentServer(answer = "+PONG\r\n") {
  const port = await freePort();
  const sockets = new Set<Socket>();
  const state = { silent: false };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      const count = chunk.toString("latin1").match(/\*\d+\r\n/g)?.length ?? 0;
      if (!state.silent) socket.write(answer.repeat(count));
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port,
    fallSilent: () => {
      state.silent = true;
    },
    speak: () => {
      state.silent = false;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

test("a server that does not speak Redis' protocol is told from one that does", async () => {
  await using server = await silentServer("HTTP/1.1 400 Bad Request\r\n\r\n");
  const clock = new VirtualClock();
  await using stores = new RedisStores({
    databases: databasesAt({ port: server.port }),
    clock,
    random: seededRandom(1),
  });
  const store = unwrap(stores.open({ db: "APPL_DB" }));
  expect(await firstFailure(store)).toBe('not the Redis protocol: Unknown RESP type 72 "H"');
});

test("an attempt to connect that is not answered fails after 5 s, and the next one is made", async () => {
  await using server = await silentServer();
  server.fallSilent();
  const clock = new VirtualClock();
  await using stores = new RedisStores({
    databases: databasesAt({ port: server.port }),
    clock,
    random: seededRandom(1),
  });
  const store = unwrap(stores.open({ db: "APPL_DB" }));
  await clock.advance(seconds(5));
  expect(await firstFailure(store)).toBe("no answer within 5000 ms");
  server.speak();
  const up = untilConnected(store);
  await clock.advance(seconds(1));
  await up;
});

test("a connection that leaves a PING unanswered for 5 s is dropped, and what waits on it fails", async () => {
  await using server = await silentServer();
  const clock = new VirtualClock();
  const databases = databasesAt({ port: server.port });
  await using stores = new RedisStores({ databases, clock, random: seededRandom(1) });
  const store = unwrap(stores.open({ db: "APPL_DB" }));
  await untilConnected(store);
  expect(await store.command(["PING"])).toEqual({ ok: true, value: "PONG" });
  const lost = down(store);
  server.fallSilent();
  const waiting = store.command(["PING"]);
  await clock.advance(seconds(10));
  expect(await lost).toBe("no answer to PING for 5000 ms");
  expect(await waiting).toMatchObject({ ok: false, error: { kind: "disconnected" } });
});
