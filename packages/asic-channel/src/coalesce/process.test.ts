import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, unwrap } from "@tandem/base";
import { settle } from "@tandem/base/testing";
import { untilConnected } from "@tandem/swss";
import { databaseConfigText, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { expect, test } from "vitest";
import { ListPubsubClient } from "../list-pubsub/client.js";
import type { AsicRequest } from "../request.js";
import { StreamsServer } from "../streams/server.js";
import { word } from "../testing/contract-steps.js";
import { TestSyncd } from "../testing/test-asic.js";

const MAIN = new URL("../../dist/main.js", import.meta.url).href;
const CODE = `import(${JSON.stringify(MAIN)}).then(async (m) => process.exit(await m.asicGatewayMain(process.argv.slice(1), process.env)))`;

const route = (n: number): string =>
  `SAI_OBJECT_TYPE_ROUTE_ENTRY:{"dest":"10.0.${n}.0/24","switch_id":"oid:0x21000000000000","vr":"oid:0x3000000000001"}`;

test("behind a gateway that coalesces, a syncd that was away gets what routes are now, not what they were", {
  timeout: 120_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "tandem-coalesce-"));
  await using redis = await startRedis();
  await writeFile(join(folder, "db.json"), databaseConfigText({ socket: redis.socket }));
  const flags = ["--from", "list-pubsub", "--to", "streams", "-z", "async", "--coalesce"];
  const gateway = spawn(process.execPath, ["-e", CODE, "--", "--db-config", join(folder, "db.json"), ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TANDEM_LOG: "stderr" },
  });
  const gone = once(gateway, "exit");
  try {
    await new Promise<void>((resolve, reject) => {
      let said = "";
      gateway.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (said.includes("passes requests")) resolve();
      });
      void gone.then(() => reject(new Error(said)));
    });
    await using stores = redisStoresAt({ socket: redis.socket });
    const store = unwrap(stores.open({ db: "ASIC_DB" }));
    await untilConnected(store);
    const count = async (...command: readonly [string, string]): Promise<number> =>
      Number(unwrap(await store.command(command)));
    const owner = { name: "test", host: "localhost", pid: process.pid, since: 0 };
    const options = { stores, clock: systemClock, owner } as const;
    await using orchagent = unwrap(await ListPubsubClient.open({ ...options, mode: "async" }));
    for (let i = 0; i < 6000; i++) {
      const [n, up] = [i % 30, Math.floor(i / 30) % 2 === 0];
      const asked: AsicRequest = up
        ? { op: "create", key: route(n), fields: [["A", "1"]] }
        : { op: "remove", key: route(n), fields: [] };
      expect(word(await orchagent.request(asked))).toBe("accepted");
    }
    for (const n of [1, 2]) await orchagent.request({ op: "create", key: route(n), fields: [["A", "last"]] });
    while ((await count("LLEN", "ASIC_STATE_KEY_VALUE_OP_QUEUE")) > 0) await settle();
    expect(await count("XLEN", "ASIC_REQUEST_STREAM")).toBeLessThanOrEqual(64);
    const syncd = new TestSyncd();
    await using server = unwrap(await StreamsServer.open({ ...options, mode: "sync" }));
    const ending = new AbortController();
    const served = server.serve(syncd, ending.signal);
    const there = (): readonly string[] => [...syncd.asic.objects.keys()].sort();
    while (there().join() !== [1, 2].map(route).join() || syncd.asic.objects.get(route(1))?.get("A") !== "last")
      await settle();
    expect(syncd.taken.length).toBeLessThan(200);
    ending.abort();
    await served;
  } finally {
    gateway.kill("SIGKILL");
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
});
