import { unwrap } from "@tandem/base";
import { startHamgrd } from "@tandem/hamgrd";
import { dbConfig, startSwbusd } from "@tandem/swbus";
import type { DaemonKind } from "./cluster-host.js";
import type { StartDaemon } from "./simulated-cluster.js";

/** The daemons' own code, on the ports of a simulated process. */
export const SIMULATED_DAEMONS: Readonly<Record<DaemonKind, StartDaemon>> = {
  swbusd: async ({ dpus }, { clock, random, stores, bus }) => {
    const configDb = unwrap(stores.open({ db: "CONFIG_DB" }), "CONFIG_DB");
    await Promise.all(
      dpus.map(async ({ slot }) => {
        const daemon = await startSwbusd({ config: dbConfig(configDb, slot, clock), clock, random, bus });
        await daemon.listening;
      }),
    );
  },
  hamgrd: async ({ dpus }, { clock, random, stores, sockets, bus }) => {
    const slots = dpus.map(({ slot }) => slot);
    await startHamgrd({ slots, clock, random, stores, sockets, bus }).ready;
  },
};
