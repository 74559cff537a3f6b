import { unwrap } from "@tandem/base";
import { startHamgrd } from "@tandem/hamgrd";
import { dbConfig, startSwbusd } from "@tandem/swbus";
import type { DaemonKind } from "./cluster-host.js";
import type { StartDaemon } from "./simulated-cluster.js";

/** The daemons' own code, on the ports of a simulated process. */
export const SIMULATED_DAEMONS: Readonly<Record<DaemonKind, StartDaemon>> = {
  swbusd: async (dpu, _sw, { clock, random, stores, bus }) => {
    const configDb = unwrap(stores.open({ db: "CONFIG_DB" }), "CONFIG_DB");
    const daemon = await startSwbusd({ config: dbConfig(configDb, dpu.slot, clock), clock, random, bus });
    await daemon.listening;
  },
  hamgrd: async (dpu, _sw, { clock, random, stores, sockets, bus }) => {
    await startHamgrd({ slots: [dpu.slot], clock, random, stores, sockets, bus }).ready;
  },
};
