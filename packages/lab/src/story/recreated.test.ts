import { millis, seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { WatchedCluster } from "../testing/watched-cluster.js";
import { deleteRow } from "./database-faults.js";

const SCOPE = ["DASH_HA_SCOPE_CONFIG_TABLE", "vdpu0-0:haset0-0"] as const;
const SET = ["DASH_HA_SET_CONFIG_TABLE", "haset0-0"] as const;

const orders = [
  { name: "scope and set", rows: [SCOPE, SET] },
  { name: "set and scope", rows: [SET, SCOPE] },
  { name: "the scope alone", rows: [SCOPE] },
  { name: "the set alone", rows: [SET] },
] as const;

for (const { name, rows } of orders) {
  test(`W5: ${name} deleted and created again while the peer is silent: all rows stand within a second`, async () => {
    await using world = await WatchedCluster.start();
    const { cluster, host } = world;
    for (const kind of ["hamgrd", "swbusd"]) await host.killDaemon(world.daemon(`sw1_dpu0.${kind}`));
    await world.pass(seconds(5));
    const before = Object.keys(world.outputs()).sort();
    for (const pause of [0, 1, 50, 900]) {
      for (const [table, key] of rows) await world.run(deleteRow(host, world.sw0, table, key));
      await world.pass(millis(pause));
      await world.run(cluster.controller.replay());
      await world.pass(seconds(1));
      expect(Object.keys(world.outputs()).sort(), `after ${pause} ms`).toEqual(before);
      expect(cluster.haState(world.dpu0)).toBeDefined();
    }
  });
}
