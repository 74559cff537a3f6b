import { unwrap } from "@tandem/base";
import { type HamgrdOptions, startHamgrd } from "@tandem/hamgrd";
import { dbConfig, startSwbusd } from "@tandem/swbus";
import type { DaemonKind } from "./cluster-host.js";
import type { StartDaemon } from "./simulated-cluster.js";

/** The daemons' own code, on the ports of a simulated process. */
export function simulatedDaemons(
  settings: NonNullable<HamgrdOptions["settings"]> = {},
): Readonly<Record<DaemonKind, StartDaemon>> {
  return {
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
      await startHamgrd({ slots, settings, clock, random, stores, sockets, bus }).ready;
    },
  };
}

/** With hamgrd's settings as they are by default. */
export const SIMULATED_DAEMONS = simulatedDaemons();
