import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock, unwrap } from "@tandem/base";
import { databaseConfigText, type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ListPubsubServer } from "../list-pubsub/server.js";
import { StreamsClient } from "../streams/client.js";
import { upTo, words } from "../testing/contract-steps.js";
import { create, routerKey } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";

const MAIN = new URL("../../dist/main.js", import.meta.url).href;
const CODE = `import(${JSON.stringify(MAIN)}).then(async (m) => process.exit(await m.asicGatewayMain(process.argv.slice(1), process.env)))`;

let folder: string;
let redis: RedisServer;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-gateway-"));
  redis = await startRedis();
  await writeFile(join(folder, "db.json"), databaseConfigText({ socket: redis.socket }));
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await redis[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A gateway in a process of its own, once it passes requests on; `dies` is where it kills itself. */
async function gateway(args: readonly string[], dies?: string) {
  const { TANDEM_CRASH_POINT: _, ...env } = process.env;
  const child = spawn(process.execPath, ["-e", CODE, "--", "--db-config", join(folder, "db.json"), ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...env, TANDEM_LOG: "stderr", ...(dies !== undefined && { TANDEM_CRASH_POINT: dies }) },
  });
  children.add(child);
  const lines: string[] = [];
  const ended = once(child, "exit").then(([code, signal]) => {
    children.delete(child);
    return (code ?? signal) as number | string;
  });
  const reader = createInterface({ input: child.stderr as NonNullable<typeof child.stderr> });
  const stands = new Promise<void>((resolve) => {
    reader.on("line", (line) => {
      lines.push(line);
      if (line.includes("passes requests")) resolve();
    });
  });
  await Promise.race([stands, ended]);
  return { child, lines, ended };
}

test("a gateway that is killed at each boundary: the next one goes on, each effect once and in order", {
  timeout: 120_000,
}, async () => {
  await using stores = redisStoresAt({ socket: redis.socket });
  const owner = { name: "test", host: "localhost", pid: process.pid, since: 0 };
  const options = { stores, clock: systemClock, owner, mode: "sync" } as const;
  await using server = unwrap(await ListPubsubServer.open(options));
  await using client = unwrap(await StreamsClient.open(options));
  const ending = new AbortController();
  const syncd = new TestSyncd();
  const served = server.serve(syncd, ending.signal);
  const recording = join(folder, "passed.rec");
  let from = 0;
  for (const point of [
    "asic.request.taken:1",
    "asic.request.stored:3",
    "asic.reply.stored:1",
    "asic.request.acked:1",
  ]) {
    const dying = await gateway(["--from", "streams", "--to", "list-pubsub"], point);
    const sent = upTo(20).map((n) => client.request(create(from + n)));
    expect(await dying.ended).toBe("SIGKILL");
    const next = await gateway(["--from", "streams", "--to", "list-pubsub", "--record", recording]);
    expect(new Set(await words(sent))).toEqual(new Set(["SAI_STATUS_SUCCESS"]));
    next.child.kill("SIGTERM");
    expect(await next.ended).toBe(0);
    from += 20;
  }
  expect(syncd.asic.effects).toEqual(upTo(80).map((n) => `create ${routerKey(n)}`));
  expect((await readFile(recording, "utf8")).split("\n").filter((line) => line.includes("|c|")).length).toBeGreaterThan(
    20,
  );
  ending.abort();
  await served;
});

test("a second gateway, and one without use, end with one line that says why", { timeout: 60_000 }, async () => {
  const first = await gateway(["--from", "streams", "--to", "list-pubsub"]);
  const second = await gateway(["--from", "streams", "--to", "list-pubsub"]);
  expect(await second.ended).toBe(1);
  expect(second.lines.at(-1)).toMatch(/streams: tandem-asic-gateway on .*, process \d+, has this end of the channel/);
  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  const same = await gateway(["--from", "streams", "--to", "streams"]);
  expect(await same.ended).toBe(2);
  expect(same.lines.join("\n")).toContain("--to streams: expected another transport than --from");
});
