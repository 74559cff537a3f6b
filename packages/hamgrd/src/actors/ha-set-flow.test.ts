import type { TestHarness } from "@tandem/actor/testing";
import { type Json, millis } from "@tandem/base";
import { expect, test } from "vitest";
import { DpuBfdSession } from "../schema/bfd-session.js";
import { DashHaGlobalConfig } from "../schema/dash-ha-global-config.js";
import { DashHaSet } from "../schema/dash-ha-set.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { VnetRouteTunnel } from "../schema/vnet-route-tunnel.js";
import { settings } from "../testing/example.js";
import { fixture, nextRow, startFixture } from "../testing/fixture.js";
import { haSetActor } from "./ha-set.js";

const ID = fixture.haSet(0, 0);
const VDPU0 = fixture.vdpu(0, 0);
const VDPU1 = fixture.vdpu(1, 0);
const SCOPE = `${VDPU0}:${ID}`;

const CONFIG = {
  version: "1",
  vip_v4: fixture.vip(0, 0),
  vip_v6: fixture.vip6(0, 0),
  vdpu_ids: `${VDPU0},${VDPU1}`,
  scope: "dpu",
  preferred_vdpu_id: VDPU0,
};

const SET_ROW = {
  version: "1",
  vip_v4: "3.2.0.0",
  vip_v6: "3:2::",
  owner: "dpu",
  scope: "dpu",
  local_npu_ip: "10.0.0.0",
  local_ip: "18.0.0.0",
  peer_ip: "18.0.1.0",
  cp_data_channel_port: "12345",
  dp_channel_dst_port: "23456",
  dp_channel_src_port_min: "34567",
  dp_channel_src_port_max: "45678",
  dp_channel_probe_interval_ms: "1000",
  dp_channel_probe_fail_threshold: "3",
};

const ROUTE = {
  endpoint: "18.0.0.0,10.0.1.0",
  endpoint_monitor: "18.0.0.0,18.0.1.0",
  monitoring: "custom_bfd",
  primary: "18.0.0.0",
  rx_monitor_timer: "1000",
  tx_monitor_timer: "1000",
  check_directly_connected: "true",
  pinned_state: "",
};

const BFD = {
  tx_interval: "1000",
  rx_interval: "1000",
  multiplier: "3",
  multihop: "true",
  shutdown: "false",
  local_addr: "18.0.0.0",
  type: "passive",
};

/** As the message carries the row: numbers as numbers. */
const asMessage = (row: Readonly<Record<string, string>>): Json =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, /_port|_ms$|_threshold$/.test(name) ? Number(value) : value]),
  );

const owner = (vdpu: string): Json => ({
  owner: 1,
  new_state: "HA_STATE_UNSPECIFIED",
  timestamp: 0,
  term: "0",
  vdpu_id: vdpu,
  peer_vdpu_id: "",
});

function start(part: Parameters<typeof settings>[0] = {}): Promise<TestHarness> {
  return startFixture([haSetActor(settings({ bfdMode: "ha-set", ...part }))]);
}

/** The set's config, and the registrations that it causes. */
async function configure(hamgrd: TestHarness): Promise<void> {
  await hamgrd.write(DashHaSetConfig, ID, CONFIG);
  for (const vdpu of [VDPU0, VDPU1]) {
    expect(await hamgrd.service("vdpu", vdpu).next()).toMatchObject({
      key: `VDPUStateRegister|${ID}`,
      data: { active: true },
    });
  }
}

async function vdpuSays(hamgrd: TestHarness, vdpu: string, state: Json): Promise<void> {
  await hamgrd.service("vdpu", vdpu).send(hamgrd.actor("ha-set", ID), `VDPUStateUpdate|${vdpu}`, state);
}

test("a set through the runtime: registrations, rows, published state, pins, end", async () => {
  await using hamgrd = await start();
  await configure(hamgrd);
  const scope = hamgrd.service("ha-scope", SCOPE);
  await scope.send(hamgrd.actor("ha-set", ID), `HaScopeStateUpdate|${SCOPE}`, owner(VDPU0));
  await scope.send(hamgrd.actor("ha-set", ID), `HaSetStateRegister|${SCOPE}`, { active: true });
  await hamgrd.write(DashHaGlobalConfig, "global", fixture.global);
  await vdpuSays(hamgrd, VDPU0, fixture.vdpuState(0, 0, "managed"));
  expect(scope.waiting).toEqual([]);
  await vdpuSays(hamgrd, VDPU1, fixture.vdpuState(1, 0, "remote"));

  expect(await nextRow(hamgrd, DashHaSet)).toEqual({ key: ID, row: ID, fields: SET_ROW });
  expect(await nextRow(hamgrd, VnetRouteTunnel)).toEqual({ key: ID, row: "vnet0:3.2.0.0", fields: ROUTE });
  expect(await nextRow(hamgrd, DpuBfdSession)).toEqual({ key: ID, row: "default:default:10.0.0.0", fields: BFD });
  expect(await nextRow(hamgrd, DpuBfdSession)).toEqual({ key: ID, row: "default:default:10.0.1.0", fields: BFD });
  expect(await scope.next()).toMatchObject({
    key: `HaSetStateUpdate|${ID}`,
    data: { ha_set: asMessage(SET_ROW), vdpu_ids: [VDPU0, VDPU1], pinned_vdpu_bfd_probe_states: [] },
  });

  await hamgrd.update(DashHaSetConfig, ID, { pinned_vdpu_bfd_probe_states: "down,up" });
  expect((await nextRow(hamgrd, VnetRouteTunnel)).fields).toEqual({ ...ROUTE, pinned_state: "down,up" });
  expect((await scope.next()).data).toMatchObject({ pinned_vdpu_bfd_probe_states: ["down", "up"] });

  await hamgrd.remove(DashHaSetConfig, ID);
  for (const row of ["default:default:10.0.1.0", "default:default:10.0.0.0"])
    expect(await nextRow(hamgrd, DpuBfdSession)).toMatchObject({ row, fields: undefined });
  expect(await nextRow(hamgrd, VnetRouteTunnel)).toMatchObject({ row: "vnet0:3.2.0.0", fields: undefined });
  expect(await nextRow(hamgrd, DashHaSet)).toMatchObject({ row: ID, fields: undefined });
  for (const vdpu of [VDPU0, VDPU1])
    expect(await hamgrd.service("vdpu", vdpu).next()).toMatchObject({
      key: `VDPUStateRegister|${ID}`,
      data: { active: false },
    });
  await hamgrd.rest();
  expect(hamgrd.runtime.actors()).toEqual([]);
});

test("an exchanged vDPU: registered, waited for, rows moved, the old one deregistered", async () => {
  await using hamgrd = await start();
  for (const table of [DashHaSet, VnetRouteTunnel, DpuBfdSession]) hamgrd.bridge(table).autoAck = true;
  await configure(hamgrd);
  await hamgrd.write(DashHaGlobalConfig, "global", fixture.global);
  await vdpuSays(hamgrd, VDPU0, fixture.vdpuState(0, 0, "managed"));
  await vdpuSays(hamgrd, VDPU1, fixture.vdpuState(1, 0, "remote"));
  await hamgrd.service("ha-scope", SCOPE).send(hamgrd.actor("ha-set", ID), `HaScopeStateUpdate|${SCOPE}`, owner(VDPU0));
  await hamgrd.rest();
  const seen = (): readonly string[] =>
    [DashHaSet, VnetRouteTunnel, DpuBfdSession].flatMap((table) =>
      hamgrd.bridge(table).waiting.map(({ data }) => {
        const { key, operation } = data as { readonly key: string; readonly operation: string };
        return `${operation} ${table.name}:${key}`;
      }),
    );
  const before = seen().length;

  const vdpu2 = fixture.vdpu(2, 0);
  await hamgrd.update(DashHaSetConfig, ID, { vdpu_ids: `${VDPU0},${vdpu2}` });
  expect(await hamgrd.service("vdpu", vdpu2).next()).toMatchObject({ data: { active: true } });
  expect(await hamgrd.service("vdpu", VDPU1).next()).toMatchObject({ data: { active: false } });
  await hamgrd.rest();
  expect(seen().length).toBe(before);
  await vdpuSays(hamgrd, vdpu2, fixture.vdpuState(2, 0, "remote"));
  await hamgrd.rest();
  expect(seen().slice(-2)).toEqual([
    "Set BFD_SESSION_TABLE:default:default:10.0.2.0",
    "Del BFD_SESSION_TABLE:default:default:10.0.1.0",
  ]);
  const rows = hamgrd.bridge(DashHaSet).waiting.at(-1)?.data as { readonly field_values: Json };
  expect(rows.field_values).toEqual({ ...SET_ROW, peer_ip: "18.0.2.0" });
});

test("a set without a DPU of ours registers, and writes its route alone; in mode participants nothing", async () => {
  for (const vnetMode of ["all-switches", "participants"] as const) {
    await using hamgrd = await start({ vnetMode });
    hamgrd.bridge(VnetRouteTunnel).autoAck = true;
    await configure(hamgrd);
    await hamgrd.write(DashHaGlobalConfig, "global", fixture.global);
    await vdpuSays(hamgrd, VDPU0, fixture.vdpuState(0, 0, "remote"));
    await vdpuSays(hamgrd, VDPU1, fixture.vdpuState(1, 0, "remote"));
    await hamgrd.clock.advance(millis(2000));
    expect(hamgrd.bridge(DashHaSet).waiting).toEqual([]);
    expect(hamgrd.bridge(DpuBfdSession).waiting).toEqual([]);
    expect(hamgrd.bridge(VnetRouteTunnel).waiting.length).toBe(vnetMode === "participants" ? 0 : 1);
    await hamgrd.remove(DashHaSetConfig, ID);
    for (const vdpu of [VDPU0, VDPU1])
      expect(await hamgrd.service("vdpu", vdpu).next()).toMatchObject({ data: { active: false } });
  }
});

test("the owner's grace: after half a second the set goes out as unspecified, then with the owner told", async () => {
  await using hamgrd = await start();
  hamgrd.bridge(VnetRouteTunnel).autoAck = true;
  hamgrd.bridge(DpuBfdSession).autoAck = true;
  await configure(hamgrd);
  await hamgrd.write(DashHaGlobalConfig, "global", fixture.global);
  await vdpuSays(hamgrd, VDPU0, fixture.vdpuState(0, 0, "managed"));
  await vdpuSays(hamgrd, VDPU1, fixture.vdpuState(1, 0, "remote"));
  const began = hamgrd.clock.monotonic();
  expect((await nextRow(hamgrd, DashHaSet)).fields).toMatchObject({ owner: "unspecified" });
  expect(hamgrd.clock.monotonic() - began).toBeGreaterThanOrEqual(400);
  await hamgrd.service("ha-scope", SCOPE).send(hamgrd.actor("ha-set", ID), `HaScopeStateUpdate|${SCOPE}`, owner(VDPU0));
  expect((await nextRow(hamgrd, DashHaSet)).fields).toMatchObject({ owner: "dpu" });
});

test("a restart in the middle deletes nothing while the vDPUs are silent, and writes nothing that stands", async () => {
  const first = await startFixture([haSetActor(settings({ bfdMode: "ha-set" }))], { fakes: false });
  const rows = async (hamgrd: TestHarness): Promise<readonly unknown[]> => [
    await hamgrd.row(DashHaSet, ID),
    await hamgrd.row(VnetRouteTunnel, "vnet0:3.2.0.0"),
    await hamgrd.row(DpuBfdSession, "default:default:10.0.1.0"),
  ];
  const say = async (hamgrd: TestHarness): Promise<void> => {
    await vdpuSays(hamgrd, VDPU0, fixture.vdpuState(0, 0, "managed"));
    await vdpuSays(hamgrd, VDPU1, fixture.vdpuState(1, 0, "remote"));
  };
  await configure(first);
  await first.write(DashHaGlobalConfig, "global", fixture.global);
  await say(first);
  await first.service("ha-scope", SCOPE).send(first.actor("ha-set", ID), `HaScopeStateUpdate|${SCOPE}`, owner(VDPU0));
  await first.rest();
  const before = await rows(first);
  expect(before).toEqual([SET_ROW, ROUTE, BFD]);
  const world = first.kill();

  await using second = await startFixture([haSetActor(settings({ bfdMode: "ha-set" }))], { fakes: false, world });
  for (const vdpu of [VDPU0, VDPU1]) await second.service("vdpu", vdpu).next();
  await second.clock.advance(millis(60_000));
  expect(await rows(second)).toEqual(before);
  await say(second);
  await second.rest();
  expect(await rows(second)).toEqual(before);
});
