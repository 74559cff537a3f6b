import { seconds } from "@tandem/base";
import { expect, test } from "vitest";
import type { DpuPlace } from "../topology.js";
import { Cluster } from "./cluster.js";
import { SimulatedCluster } from "./simulated-cluster.js";
import { simulatedDaemons } from "./simulated-daemons.js";

const TABLES = ["BFD_SESSION_TABLE", "DASH_HA_SCOPE_TABLE", "DASH_HA_SET_TABLE"] as const;

for (const restoreOnRise of [true, false]) {
  test(`a DPU restarts while no controller helps, restoreOnRise ${restoreOnRise}`, async () => {
    const daemons = simulatedDaemons({ restoreOnRise });
    const host = new SimulatedCluster({ switches: 2, dpusPerSwitch: 1, seed: 1, isolation: "process", daemons });
    await using cluster = await Cluster.start(host, { helpsRestart: false });
    const { controller, topology, devices } = cluster;
    const place = topology.dpus[0] as DpuPlace;
    const serves = (dpu: DpuPlace): boolean => ["active", "standby"].includes(cluster.haState(dpu) ?? "");
    const program = async (): Promise<void> => {
      for (const set of topology.haSets) await controller.createSet(set);
      for (const dpu of topology.dpus) await controller.enable(dpu.vdpuId);
    };
    await host.run("launch", program(), seconds(60));
    await cluster.until("launch", () => topology.dpus.every(serves), seconds(60));
    await host.run("off", devices.dpu(place).powerOff(), seconds(10));
    await host.clock.advance(seconds(5));
    await host.run("on", devices.dpu(place).powerOn("keys"), seconds(10));
    await host.clock.advance(seconds(30));
    const rows = TABLES.filter((table) => cluster.rows(place, "DPU_APPL_DB", table).size > 0);
    expect(rows).toEqual(restoreOnRise ? TABLES : ["BFD_SESSION_TABLE"]);
    expect(serves(place)).toBe(restoreOnRise);
  });
}
