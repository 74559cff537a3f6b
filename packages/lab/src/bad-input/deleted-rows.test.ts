import assert from "node:assert/strict";
import { seconds } from "@tandem/base";
import type { DatabaseName, Fields } from "@tandem/swss";
import { test } from "vitest";
import type { RedisOwner } from "../cluster/cluster-host.js";
import { WatchedCluster } from "../testing/watched-cluster.js";

interface Deleted {
  readonly db: DatabaseName;
  readonly table: string;
  readonly key: string;
  readonly on: "switch" | "dpu";
  /** What hamgrd says, a line for each actor that has to do with the row. */
  readonly says: readonly string[];
  /** Rows that go with it, by table. All others stand. */
  readonly takes: readonly string[];
}

const SET_GONE = (vdpu: string) =>
  `warning: dpu0: ha-set/haset0-0: warning: vDPU ${vdpu} or its DPUs are deleted while an HA set names it; its last addresses are used`;
const SCOPE_GONE =
  "warning: dpu0: ha-scope/vdpu0-0:haset0-0: warning: vDPU vdpu0-0 or its DPUs are deleted while its scope stands; what was known last is used";
const DPU = "warning: dpu0: dpu/sw0_dpu0: warning:";
const SCOPE = "warning: dpu0: ha-scope/vdpu0-0:haset0-0: warning:";

/** Every row that hamgrd reads for one pair, apart from those that say who the switch is. */
const ROWS: readonly Deleted[] = [
  {
    db: "CONFIG_DB",
    table: "DPU",
    key: "sw0_dpu0",
    on: "switch",
    says: [
      SET_GONE("vdpu0-0"),
      SCOPE_GONE,
      "warning: dpu0: waits for CONFIG_DB DPU: no usable row with dpu_id 0 yet; the last good configuration stays",
    ],
    takes: ["NEIGH_RESOLVE_TABLE", "BFD_SESSION_TABLE", "BFD_SESSION_TABLE"],
  },
  {
    db: "CONFIG_DB",
    table: "REMOTE_DPU",
    key: "sw1_dpu0",
    on: "switch",
    says: [SET_GONE("vdpu1-0")],
    takes: ["BFD_SESSION_TABLE"],
  },
  {
    db: "CONFIG_DB",
    table: "VDPU",
    key: "vdpu0-0",
    on: "switch",
    says: [SET_GONE("vdpu0-0"), SCOPE_GONE],
    takes: [],
  },
  { db: "CONFIG_DB", table: "VDPU", key: "vdpu1-0", on: "switch", says: [SET_GONE("vdpu1-0")], takes: [] },
  {
    db: "CONFIG_DB",
    table: "DASH_HA_GLOBAL_CONFIG",
    key: "global",
    on: "switch",
    says: [`${DPU} CONFIG_DB DASH_HA_GLOBAL_CONFIG has no row; what stands stays`],
    takes: [],
  },
  {
    db: "APPL_DB",
    table: "DASH_HA_SET_CONFIG_TABLE",
    key: "haset0-0",
    on: "switch",
    says: [`${SCOPE} HA set haset0-0 is deleted while its scope stands; what was known last is used`],
    takes: ["VNET_ROUTE_TUNNEL_TABLE", "DASH_HA_SET_TABLE"],
  },
  {
    db: "APPL_DB",
    table: "DASH_HA_SCOPE_CONFIG_TABLE",
    key: "vdpu0-0:haset0-0",
    on: "switch",
    says: [],
    takes: ["DASH_HA_SCOPE_STATE", "DASH_HA_SCOPE_TABLE"],
  },
  {
    db: "CHASSIS_STATE_DB",
    table: "DPU_STATE",
    key: "DPU0",
    on: "switch",
    says: [`${DPU} CHASSIS_STATE_DB DPU_STATE has no row of slot 0 any more; the DPU counts as not up`],
    takes: [],
  },
  {
    db: "DPU_STATE_DB",
    table: "DASH_BFD_PROBE_STATE",
    key: "dash_ha",
    on: "dpu",
    says: [`${DPU} DPU_STATE_DB DASH_BFD_PROBE_STATE has no row any more; no BFD session counts as up`],
    takes: [],
  },
  {
    db: "DPU_STATE_DB",
    table: "DASH_HA_SCOPE_STATE_TABLE",
    key: "haset0-0",
    on: "dpu",
    says: [
      `${SCOPE} DPU_STATE_DB DASH_HA_SCOPE_STATE_TABLE has no row haset0-0 any more; the DPU's state reads as unknown`,
    ],
    takes: [],
  },
];

/** What differs for good after a time without the row: when things happened, who leads, and what the controller did. */
const LASTING =
  / (?:\w+_time_in_ms|local_(?:acked_asic_)?ha_state|local_(?:target|acked)_term|version): | DPU_RESET_INFO /;

for (const { db, table, key, on, says, takes } of ROWS)
  test(`${table} ${key} deleted in service is told, and takes what is its own; back again, all is as before`, async () => {
    await using world = await WatchedCluster.start();
    const owner: RedisOwner = on === "switch" ? world.sw0 : world.dpu0;
    const before = world.outputs();
    const good = (await world.get(owner, db, table, key)) as Fields;
    await world.put(owner, db, table, key, undefined);
    await world.pass(seconds(20));
    assert.deepEqual(world.lines("sw0_dpu0.hamgrd"), says);
    const gone = world.changes(before).filter((text) => text.endsWith(": gone"));
    assert.deepEqual(
      gone.map((text) => text.split(" ")[1]),
      takes,
    );

    await world.put(owner, db, table, key, good);
    await world.pass(seconds(60));
    assert.deepEqual(
      world.changes(before).filter((text) => !LASTING.test(text)),
      [],
    );
    assert.deepEqual(
      world.hamgrds
        .get("sw0_dpu0.hamgrd")
        ?.slots.get(0)
        ?.runtime?.actors()
        .flatMap(({ problems }) => problems),
      [],
    );
    const crashed = world.hamgrdEvents.filter((event) => event.kind === "runtime" && event.event.kind === "crashed");
    assert.deepEqual(crashed, []);
  });
