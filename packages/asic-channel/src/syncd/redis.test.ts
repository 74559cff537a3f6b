import { unwrap } from "@tandem/base";
import { untilConnected } from "@tandem/swss";
import { type RedisServer, redisStoresAt, startRedis } from "@tandem/swss/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SWITCH_KEY, SyncdWorld } from "../testing/syncd-world.js";

let redis: RedisServer;
let last: SyncdWorld | undefined;
let stores: ReturnType<typeof redisStoresAt>;

beforeAll(async () => {
  redis = await startRedis();
  stores = redisStoresAt({ socket: redis.socket });
});

afterAll(async () => {
  await stores[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** A world whose first view is applied, in a Redis that holds nothing else. */
async function running(): Promise<SyncdWorld> {
  await last?.syncd?.[Symbol.asyncDispose]();
  const world = new SyncdWorld(stores);
  last = world;
  await untilConnected(world.store);
  unwrap(await world.store.command(["FLUSHDB"]));
  await world.start();
  await world.ask("notify", "INIT_VIEW");
  await world.createSwitch();
  await world.ask("notify", "APPLY_VIEW");
  return world;
}

const vlan = (n: number): string => `SAI_OBJECT_TYPE_VLAN:oid:0x26000000005${String(n).padStart(3, "0")}`;
const create = (world: SyncdWorld, n: number) => world.ask("create", vlan(n), [["SAI_VLAN_ATTR_VLAN_ID", String(n)]]);
const inspect = async (world: SyncdWorld): Promise<string> => (await world.ask("notify", "SYNCD_INSPECT_ASIC")).status;

const troubles = [
  {
    what: "full",
    on: ["CONFIG", "SET", "maxmemory", "1"],
    off: ["CONFIG", "SET", "maxmemory", "0"],
    status: "SAI_STATUS_NO_MEMORY",
  },
  {
    what: "read-only",
    on: ["REPLICAOF", "127.0.0.1", "1"],
    off: ["REPLICAOF", "NO", "ONE"],
    status: "SAI_STATUS_FAILURE",
  },
] as const;
for (const { what, on, off, status } of troubles)
  test(`a Redis that is ${what} costs a request its effect, its client a status, and nothing else`, async () => {
    const world = await running();
    unwrap(await world.store.command(on));
    expect((await create(world, 100)).status).toBe(status);
    const bulk = await world.ask("bulkcreate", "SAI_OBJECT_TYPE_VLAN:1", [
      [vlan(101).slice(21), "SAI_VLAN_ATTR_VLAN_ID=101"],
    ]);
    expect(bulk).toMatchObject({ status: "SAI_STATUS_FAILURE", fields: [[status, ""]] });
    const read = await world.ask("get", SWITCH_KEY, [["SAI_SWITCH_ATTR_FDB_AGING_TIME", "0"]]);
    expect(read.fields).toEqual([["SAI_SWITCH_ATTR_FDB_AGING_TIME", "0"]]);
    unwrap(await world.store.command(off));
    expect((await create(world, 102)).status).toBe("SAI_STATUS_SUCCESS");
    expect(world.counts(vlan(100), vlan(101), vlan(102))).toEqual([0, 0, 1]);
    expect(await inspect(world)).toBe("SAI_STATUS_SUCCESS");
    expect(world.events.filter(({ kind }) => kind === "rowsRefused").length).toBeGreaterThan(0);
  });

test("a Redis that comes back without its data gets rows and maps again", async () => {
  const world = await running();
  await create(world, 200);
  const before = { rows: await world.rows(), map: await world.row("VIDTORID"), lanes: await world.row("LANES") };
  const restored = world.until("restored");
  await redis.restart();
  await restored;
  expect({ rows: await world.rows(), map: await world.row("VIDTORID"), lanes: await world.row("LANES") }).toEqual(
    before,
  );
  expect((await create(world, 201)).status).toBe("SAI_STATUS_SUCCESS");
  expect(await inspect(world)).toBe("SAI_STATUS_SUCCESS");
  await world.start();
  expect(await inspect(world)).toBe("SAI_STATUS_SUCCESS");
});
