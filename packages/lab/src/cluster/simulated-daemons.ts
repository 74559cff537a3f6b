import { CleanUp, unwrap } from "@tandem/base";
import { formatText } from "@tandem/daemon";
import {
  describeHamgrdEvent,
  type Hamgrd,
  type HamgrdEvent,
  type HamgrdOptions,
  severityOf,
  startHamgrd,
} from "@tandem/hamgrd";
import { dbConfig, describeEvent, type SwbusdEvent, startSwbusd } from "@tandem/swbus";
import type { DaemonKind, DaemonPlace } from "./cluster-host.js";
import type { StartDaemon } from "./simulated-cluster.js";

/** Hears of each hamgrd that starts, and of everything that it would log. */
export interface HamgrdWitness {
  started(daemon: DaemonPlace, hamgrd: Hamgrd): void;
  told(daemon: DaemonPlace, event: HamgrdEvent): void;
}

/** The daemons' own code, on the ports of a simulated process. Each hamgrd keeps `recordsLimit` steps, usual as a daemon. */
export function simulatedDaemons(
  settings: NonNullable<HamgrdOptions["settings"]> = {},
  witness?: HamgrdWitness,
  recordsLimit?: number,
): Readonly<Record<DaemonKind, StartDaemon>> {
  return {
    swbusd: async ({ dpus }, { clock, random, stores, bus, say }) => {
      const configDb = unwrap(stores.open({ db: "CONFIG_DB" }), "CONFIG_DB");
      const cleanUp = new CleanUp();
      const observer = (event: SwbusdEvent): void => {
        const [level, message, fields] = describeEvent(event);
        if (level === "error" || level === "warn")
          say(level === "warn" ? "warning" : level, formatText(message, fields));
      };
      await Promise.all(
        dpus.map(async ({ slot }) => {
          const config = dbConfig(configDb, slot, clock);
          const daemon = cleanUp.use(await startSwbusd({ config, clock, random, bus, observer }));
          await daemon.listening;
        }),
      );
      return cleanUp;
    },
    hamgrd: async (daemon, { say, ...ports }) => {
      const slots = daemon.dpus.map(({ slot }) => slot);
      const observer = (event: HamgrdEvent): void => {
        const level = severityOf(event);
        if (level === "error" || level === "warning") say(level, describeHamgrdEvent(event));
        witness?.told(daemon, event);
      };
      const hamgrd = startHamgrd({
        slots,
        settings,
        observer,
        ...ports,
        ...(recordsLimit !== undefined && { recordsLimit }),
      });
      witness?.started(daemon, hamgrd);
      await hamgrd.ready;
      return hamgrd;
    },
  };
}

/** With hamgrd's settings as they are by default. */
export const SIMULATED_DAEMONS = simulatedDaemons();
