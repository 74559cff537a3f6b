import { millis, seconds, seededRandom } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { dbConfig, startSwbusd } from "@tandem/swbus";
import type { AnyTable, Fields } from "@tandem/swss";
import { ZmqConsumerStateTable, ZmqServer } from "@tandem/swss";
import { MemoryRedis, MemoryStores, MemoryWires } from "@tandem/swss/testing";
import { MemoryNetwork } from "@tandem/wire/testing";
import { expect, test } from "vitest";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DeviceMetadata } from "../schema/device-metadata.js";
import { Dpu } from "../schema/dpu.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";
import { Example } from "../testing/example.js";
import type { HamgrdEvent } from "./hamgrd-event.js";
import { MissingDatabaseError, openStore } from "./sinks.js";
import { type Hamgrd, startHamgrd } from "./start-hamgrd.js";

const METADATA = { region: "region-a", cluster: "cluster-a", hostname: "sw0" };

/** The databases of one switch with two DPUs, a network, and a hamgrd process beside it. */
function simulated(slots: readonly number[] = [0]) {
  const clock = new VirtualClock();
  const random = seededRandom(1);
  const redis = new MemoryRedis({ clock, random, name: "host" });
  const servers = [
    { redis },
    ...[0, 1].map((slot) => ({
      redis: new MemoryRedis({ clock, random, name: `dpu${slot}` }),
      container: `dpu${slot}`,
    })),
  ];
  const stores = new MemoryStores({ clock, random, servers });
  const wires = new MemoryWires();
  const network = new MemoryNetwork({ clock });
  const events: HamgrdEvent[] = [];
  const start = (): Hamgrd =>
    startHamgrd({
      slots,
      clock,
      random,
      stores,
      sockets: wires.sockets(),
      bus: network.bus("10.0.0.1"),
      observer: (event) => events.push(event),
    });
  const write = async (table: AnyTable, key: string, fields: Fields): Promise<void> => {
    const store = openStore(stores, table.db, table.db.startsWith("DPU_") ? "dpu0" : "");
    await clock.advanceUntil(() => store.connected, seconds(5));
    await store.command(["HSET", `${table.name}${table.separator}${key}`, ...Object.entries(fields).flat()]);
    await settle();
  };
  const told = (): readonly string[] =>
    events.flatMap((event) => (event.kind === "waiting" ? [event.reason] : event.kind === "ready" ? [event.path] : []));
  return { clock, random, stores, wires, network, start, write, told, events };
}

test("the databases of the switch and of its DPU open by name; one that no file names is one clear error", () => {
  const { stores } = simulated();
  expect(openStore(stores, "CONFIG_DB").db.name).toBe("CONFIG_DB");
  expect(openStore(stores, "DPU_APPL_DB", "dpu0").db.name).toBe("DPU_APPL_DB");
  expect(() => openStore(stores, "DPU_APPL_DB", "dpu7")).toThrow(MissingDatabaseError);
  expect(() => openStore(stores, "DPU_APPL_DB", "dpu7")).toThrow(/DPU_APPL_DB of dpu7/);
});

test("W21: whatever is missing at the start is waited for by name, and taken up when it comes", async () => {
  const { clock, start, write, told } = simulated();
  await using hamgrd = start();
  let ready = false;
  void hamgrd.ready.then(() => {
    ready = true;
  });
  await clock.advance(seconds(1));
  expect(hamgrd.slots.get(0)?.state).toMatchObject({ kind: "waiting", reason: expect.stringContaining("region") });
  await write(DeviceMetadata, "localhost", METADATA);
  await clock.advance(seconds(1));
  expect(told().at(-1)).toContain("Loopback0");
  await write(LoopbackInterface, "Loopback0|10.0.0.1/32", { NULL: "NULL" });
  await clock.advance(seconds(1));
  expect(told().at(-1)).toContain("dpu_id 0");
  expect(ready).toBe(false);
  for (const [table, key, fields] of Example.rows(0)) await write(table, key, fields);
  await clock.advance(seconds(5));
  expect(ready).toBe(true);
  expect(told().at(-1)).toBe("region-a.cluster-a.sw0-dpu0/hamgrd/0");
  // Each reason was said once, however often it was looked for.
  expect(new Set(told()).size).toBe(told().length);
});

async function programmed(slots: readonly number[] = [0]) {
  const world = simulated(slots);
  await world.write(DeviceMetadata, "localhost", METADATA);
  for (const [table, key, fields] of Example.rows(0)) await world.write(table, key, fields);
  return world;
}

/** What an orchagent at that endpoint is sent, `OP key` of BFD rows. */
async function orchagent({ wires, stores, clock }: ReturnType<typeof simulated>, endpoint: string) {
  const server = new ZmqServer(wires.sockets(), endpoint);
  const consumer = new ZmqConsumerStateTable(openStore(stores, "DPU_APPL_DB", "dpu0"), DpuBfdSession.name, server, {
    clock,
  });
  await server.bind();
  return async (): Promise<readonly string[]> => {
    const popped = await consumer.pops();
    return popped.ok ? popped.value.map(({ op, key }) => `${op} ${key}`).toSorted() : [];
  };
}

const BFD = ["SET default:default:10.0.0.1", "SET default:default:10.1.0.1"];

test("rows go to the endpoint that the DPU's row names; when it names another, all of them go there", async () => {
  const world = await programmed();
  const first = await orchagent(world, "tcp://169.254.200.1:8100");
  const second = await orchagent(world, "tcp://169.254.200.9:8200");
  await using hamgrd = world.start();
  await world.clock.run(hamgrd.ready, seconds(10));
  await world.clock.advance(seconds(2));
  expect(await first()).toEqual(BFD);
  await world.write(Dpu, "sw0_dpu0", { midplane_ipv4: "169.254.200.9", orchagent_zmq_port: "8200" });
  await world.clock.advance(seconds(2));
  expect(await second()).toEqual(BFD);
  expect(world.events.flatMap((event) => (event.kind === "orchagent" ? [event.endpoint] : []))).toEqual([
    "tcp://169.254.200.1:8100",
    "tcp://169.254.200.9:8200",
  ]);
});

test("two slots of one process have two paths, each reached through the swbusd of its own slot", async () => {
  const world = await programmed([0, 1]);
  const { clock, random, stores, network } = world;
  await world.write(Dpu, "sw0_dpu1", {
    dpu_id: "1",
    pa_ipv4: "18.0.202.2",
    midplane_ipv4: "169.254.200.2",
    orchagent_zmq_port: "8101",
    swbus_port: "23607",
  });
  const daemons = await Promise.all(
    [0, 1].map((slot) =>
      startSwbusd({
        config: dbConfig(openStore(stores, "CONFIG_DB"), slot, clock),
        clock,
        random,
        bus: network.bus("10.0.0.1"),
      }),
    ),
  );
  await using hamgrd = world.start();
  await clock.run(hamgrd.ready, seconds(10));
  await clock.advance(seconds(5));
  const services = daemons
    .map((daemon) => daemon.routes().map(({ path }) => String(path)))
    .map((paths) => paths.filter((path) => path.includes("hamgrd")));
  expect(services).toEqual([["region-a.cluster-a.sw0-dpu0/hamgrd/0"], ["region-a.cluster-a.sw0-dpu1/hamgrd/0"]]);
  for (const daemon of daemons) await clock.run(Promise.resolve(daemon[Symbol.asyncDispose]()), seconds(5));
  await clock.advance(millis(100));
});
