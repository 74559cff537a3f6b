import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock, systemRandom, unwrap } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import { databaseConfigText, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONTEXT_DEFAULT } from "../context-config.js";
import { auditAsic } from "../inspect/audit.js";
import { readPending } from "../inspect/pending.js";
import { ListPubsubClient } from "../list-pubsub/client.js";
import type { AsicReply } from "../reply.js";
import type { AsicRequest } from "../request.js";
import { StreamsClient } from "../streams/client.js";
import { SWITCH_KEY } from "../testing/syncd-world.js";
import type { AsicClient } from "../transport.js";
import { connectAsic } from "../virtual-asic/client.js";

const MAIN = new URL("../../dist/main.js", import.meta.url).href;
const SETTLES = 120_000;

let folder: string;
let redis: Awaited<ReturnType<typeof startRedis>>;
let stores: ReturnType<typeof redisStoresAt>;
const children = new Set<ChildProcess>();
let asic: Daemon;
let client: AsicClient;

/** A daemon of ours in a process of its own. */
interface Daemon {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  /** Its log has this; rejects when it ended before. */
  says(text: string): Promise<void>;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

function start(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Daemon {
  const code = `import(${JSON.stringify(MAIN)}).then(async (m) => process.exit(await m.${program}(process.argv.slice(1), process.env)))`;
  const child = spawn(process.execPath, ["-e", code, "--", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, TANDEM_LOG: "stderr", ...env },
  });
  children.add(child);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stderr as NonNullable<typeof child.stderr> }).on("line", (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const ended = once(child, "exit").then(([exit, signal]) => {
    children.delete(child);
    return (exit ?? signal) as number | string;
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!lines.some((line) => line.includes(text))) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      void ended.then((how) => reject(new Error(`ended (${how}) before it said ${text}:\n${lines.join("\n")}`)));
      look();
    });
  return { child, lines, says, ended };
}

const syncd = (env: Readonly<Record<string, string>> = {}, ...more: string[]): Daemon =>
  start("asicSyncdMain", ["--db-config", join(folder, "db.json"), "--asic", join(folder, "asic.sock"), ...more], env);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tandem-syncd-"));
  redis = await startRedis();
  await writeFile(join(folder, "db.json"), databaseConfigText({ socket: redis.socket }));
  stores = redisStoresAt({ socket: redis.socket });
  asic = start("virtualAsicMain", ["--socket", join(folder, "asic.sock"), "--ports", "2"]);
  await asic.says("listens at");
  const owner = { name: "test", host: hostname(), pid: process.pid, since: systemClock.now() };
  client = unwrap(await StreamsClient.open({ stores, clock: systemClock, random: systemRandom, mode: "sync", owner }));
}, SETTLES);

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  for (const child of children) child.kill("SIGKILL");
  await stores[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function ask(op: AsicRequest["op"], key: string, fields: FieldValues = []): Promise<AsicReply> {
  const answer = unwrap(await client.request({ op, key, fields }));
  if (answer.kind !== "replied") throw new Error("a synchronous channel answers");
  return answer.reply;
}

async function audit(): Promise<readonly string[]> {
  const chip = unwrap(await connectAsic(join(folder, "asic.sock")));
  const store = unwrap(stores.open({ db: "ASIC_DB" }));
  const report = unwrap(await auditAsic(store, chip, CONTEXT_DEFAULT));
  await chip[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  expect(report.compared).toBeGreaterThan(20);
  return report.findings.map(({ text }) => text);
}

async function counts(...labels: readonly string[]): Promise<readonly number[]> {
  const chip = unwrap(await connectAsic(join(folder, "asic.sock")));
  const outcome = unwrap(await chip.call({ call: "counts", labels }));
  await chip[Symbol.asyncDispose]();
  return outcome.counts ?? [];
}

const vlan = (n: number): string => `SAI_OBJECT_TYPE_VLAN:oid:0x2600000000${(0x5000 + n).toString(16)}`;
const vlanFields = (n: number): FieldValues => [["SAI_VLAN_ATTR_VLAN_ID", String(n)]];

describe("processes, with a client that waits for its replies", () => {
  test("a syncd that is killed at each boundary has each effect once, and its client is answered", {
    timeout: SETTLES,
  }, async () => {
    const first = syncd();
    await first.says("serving streams");
    expect((await ask("notify", "INIT_VIEW")).status).toBe("SAI_STATUS_SUCCESS");
    expect((await ask("create", SWITCH_KEY, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]])).status).toBe(
      "SAI_STATUS_SUCCESS",
    );
    expect((await ask("notify", "APPLY_VIEW")).status).toBe("SAI_STATUS_SUCCESS");
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    for (const [at, point] of ["asic.effect.before", "asic.effect.done", "asic.rows.written"].entries()) {
      const dying = syncd({ TANDEM_CRASH_POINT: point });
      await dying.says("serving streams");
      const asked = ask("create", vlan(100 + at), vlanFields(100 + at));
      expect(await dying.ended).toBe("SIGKILL");
      const next = syncd();
      expect((await asked).status).toBe("SAI_STATUS_SUCCESS");
      next.child.kill("SIGTERM");
      expect(await next.ended).toBe(0);
    }
    expect(await counts(vlan(100), vlan(101), vlan(102), SWITCH_KEY)).toEqual([1, 1, 1, 1]);
    expect(await audit()).toEqual([]);
  });

  test("a view change that is killed half-way is gone through by the next syncd", { timeout: SETTLES }, async () => {
    const dying = syncd({ TANDEM_CRASH_POINT: "asic.view.step:2" });
    await dying.says("serving streams");
    await ask("notify", "INIT_VIEW");
    await ask("create", SWITCH_KEY, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]);
    for (const n of [100, 200, 201]) await ask("create", vlan(n + 1000), vlanFields(n));
    const applied = ask("notify", "APPLY_VIEW");
    expect(await dying.ended).toBe("SIGKILL");
    const store = unwrap(stores.open({ db: "ASIC_DB" }));
    expect(unwrap(await readPending(store))).toMatchObject({
      request: { op: "notify", key: "APPLY_VIEW" },
      steps: 2,
      view: "init",
    });
    const next = syncd();
    expect((await applied).status).toBe("SAI_STATUS_SUCCESS");
    expect(unwrap(await readPending(store))).toMatchObject({
      request: undefined,
      steps: 0,
      view: "apply",
      collected: 0,
    });
    expect(await counts(vlan(1200), vlan(1201), vlan(1100))).toEqual([1, 1, 0]);
    expect(await audit()).toEqual([]);
    expect((await ask("get", vlan(1100), [["SAI_VLAN_ATTR_VLAN_ID", "0"]])).fields).toEqual([
      ["SAI_VLAN_ATTR_VLAN_ID", "100"],
    ]);
    expect((await ask("remove", vlan(101))).status).toBe("SAI_STATUS_ITEM_NOT_FOUND");
    const second = syncd();
    expect(await second.ended).toBe(1);
    expect(second.lines.at(-1)).toMatch(/tandem-syncd on .*, process \d+, has this end of the channel since/);
    next.child.kill("SIGTERM");
    expect(await next.ended).toBe(0);
    await store[Symbol.asyncDispose]();
  });

  test("a redis that is full, then takes rows again: one status each, and the rest goes on", {
    timeout: SETTLES,
  }, async () => {
    const daemon = syncd();
    await daemon.says("serving streams");
    const store = unwrap(stores.open({ db: "ASIC_DB" }));
    const port = await ask("get", SWITCH_KEY, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]]);
    expect(port.fields).toEqual([["SAI_SWITCH_ATTR_PORT_NUMBER", "2"]]);
    unwrap(await store.command(["CONFIG", "SET", "maxmemory", "1"]));
    const refused = await client.request({ op: "create", key: vlan(300), fields: vlanFields(300) });
    expect(refused.ok).toBe(false);
    unwrap(await store.command(["CONFIG", "SET", "maxmemory", "0"]));
    expect((await ask("create", vlan(301), vlanFields(301))).status).toBe("SAI_STATUS_SUCCESS");
    expect(await counts(vlan(300), vlan(301))).toEqual([0, 1]);
    expect(await audit()).toEqual([]);
    daemon.child.kill("SIGTERM");
    expect(await daemon.ended).toBe(0);
    await store[Symbol.asyncDispose]();
  });

  test("RESTARTQUERY ends it as it asks, and says how far the shutdown came; the next start takes the ASIC over", {
    timeout: SETTLES,
  }, async () => {
    const daemon = syncd();
    await daemon.says("serving streams");
    const [db, state] = [unwrap(stores.open({ db: "ASIC_DB" })), unwrap(stores.open({ db: "STATE_DB" }))];
    const shown = () => state.command(["HGET", "WARM_RESTART_TABLE|warm-shutdown", "state"]);
    await db.command(["PUBLISH", "RESTARTQUERY", '["PRE-SHUTDOWN","PRE-SHUTDOWN"]']);
    await daemon.says("asked to stop: PRE-SHUTDOWN");
    await db.command(["PUBLISH", "RESTARTQUERY", '["WARM","WARM"]']);
    expect(await daemon.ended).toBe(0);
    expect(unwrap(await shown())).toBe("warm-shutdown-succeeded");
    const next = syncd({}, "--start", "warm");
    await next.says("taken over as it stands");
    await next.says("serving streams");
    expect(await audit()).toEqual([]);
    await db.command(["PUBLISH", "RESTARTQUERY", '["COLD","COLD"]']);
    expect(await next.ended).toBe(0);
    const cold = syncd();
    await cold.says("cold boot");
    await cold.says("serving streams");
    expect(await audit()).toEqual([]);
    expect((await ask("get", vlan(301), [["SAI_VLAN_ATTR_VLAN_ID", "0"]])).status).toBe("SAI_STATUS_SUCCESS");
    cold.child.kill("SIGTERM");
    expect(await cold.ended).toBe(0);
    for (const store of [db, state]) await store[Symbol.asyncDispose]();
  });

  test("of two clients the one that asks is served, the other refused, and the log says by whom", {
    timeout: SETTLES,
  }, async () => {
    const daemon = syncd({}, "--serve", "streams,list-pubsub");
    await daemon.says("serving streams, list-pubsub");
    expect((await ask("get", SWITCH_KEY, [["SAI_SWITCH_ATTR_PORT_NUMBER", "0"]])).status).toBe("SAI_STATUS_SUCCESS");
    const owner = { name: "other", host: hostname(), pid: process.pid, since: systemClock.now() };
    const other = unwrap(await ListPubsubClient.open({ stores, clock: systemClock, mode: "sync", owner }));
    const refused = await other.request({ op: "create", key: vlan(400), fields: vlanFields(400) });
    expect(refused).toMatchObject({ ok: true, value: { reply: { status: "SAI_STATUS_OBJECT_IN_USE" } } });
    await daemon.says("list-pubsub: create is refused: a client over streams has the channel");
    expect(await counts(vlan(400))).toEqual([0]);
    await other[Symbol.asyncDispose]();
    daemon.child.kill("SIGTERM");
    expect(await daemon.ended).toBe(0);
  });

  test("an ASIC that goes ends its syncd: one line, and what to do", { timeout: SETTLES }, async () => {
    const daemon = syncd();
    await daemon.says("serving streams");
    asic.child.kill("SIGKILL");
    expect(await daemon.ended).toBe(1);
    expect(daemon.lines.at(-1)).toContain("the ASIC at");
    const alone = syncd();
    expect(await alone.ended).toBe(1);
    expect(alone.lines.at(-1)).toContain("start one with tandem asic virtual --socket");
  });
});
