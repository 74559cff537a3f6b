import { unwrap } from "@tandem/base";
import { type Hamgrd, type HamgrdEvent, type HamgrdOptions, startHamgrd } from "@tandem/hamgrd";
import { dbConfig, startSwbusd } from "@tandem/swbus";
import type { DaemonKind, DaemonPlace } from "./cluster-host.js";
import type { StartDaemon } from "./simulated-cluster.js";

/** Hears of each hamgrd that starts, and of everything that it would log. */
export interface HamgrdWitness {
  started(daemon: DaemonPlace, hamgrd: Hamgrd): void;
  told(daemon: DaemonPlace, event: HamgrdEvent): void;
}

/** The daemons' own code, on the ports of a simulated process. */
export function simulatedDaemons(
  settings: NonNullable<HamgrdOptions["settings"]> = {},
  witness?: HamgrdWitness,
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
    hamgrd: async (daemon, ports) => {
      const slots = daemon.dpus.map(({ slot }) => slot);
      const observer = (event: HamgrdEvent): void => witness?.told(daemon, event);
      const hamgrd = startHamgrd({ slots, settings, observer, ...ports });
      witness?.started(daemon, hamgrd);
      await hamgrd.ready;
    },
  };
}

/** With hamgrd's settings as they are by default. */
export const SIMULATED_DAEMONS = simulatedDaemons();
