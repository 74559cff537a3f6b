import { type RuntimeEvent, StepRecords, TableHub } from "@tandem/actor";
import { type Clock, type CrashPoint, noCrash, type Random } from "@tandem/base";
import type { Bus } from "@tandem/swbus";
import type { Sockets, Stores } from "@tandem/swss";
import { type HamgrdSettings, SETTINGS_DEFAULT } from "../actors/settings.js";
import { DatabaseWatch } from "./database-watch.js";
import type { HamgrdEvent } from "./hamgrd-event.js";
import { type ProcessFacts, Slot } from "./slot.js";
import type { TablePlaces } from "./table-places.js";

const UNKNOWN_PROCESS: ProcessFacts = { pid: 0, recordsOf: () => "" };

export interface HamgrdOptions {
  /** DPU slots that this process serves; distinct. */
  readonly slots: readonly number[];
  readonly settings?: Partial<Omit<HamgrdSettings, "slot">>;
  readonly clock: Clock;
  readonly random: Random;
  readonly stores: Stores;
  readonly sockets: Sockets;
  readonly bus: Bus;
  readonly crashPoint?: CrashPoint;
  /** Input tables that are read elsewhere than usual. */
  readonly places?: TablePlaces;
  /** One trace in this many goes along with messages to other processes; none when absent. */
  readonly traceEvery?: number;
  /** Everything that logs and metrics need. Must not throw. */
  readonly observer?: (event: HamgrdEvent) => void;
  readonly process?: ProcessFacts;
  /** Steps that are kept; default `RECORDS_LIMIT`. */
  readonly recordsLimit?: number;
}

/** A running hamgrd: one slot each, on shared connections. */
export interface Hamgrd extends AsyncDisposable {
  readonly slots: ReadonlyMap<number, Slot>;
  readonly records: StepRecords;
  /** Input tables, as all slots read them. */
  readonly hub: TableHub;
  /** Resolves when every slot has been ready once. */
  readonly ready: Promise<void>;
  /** Reads the configuration again (SIGHUP). */
  reload(): void;
}

/** Starts a hamgrd. Whatever is missing is waited for; throws `MissingDatabaseError` when it never can come. */
export function startHamgrd(options: HamgrdOptions): Hamgrd {
  const { clock, random, stores, sockets, bus, crashPoint = noCrash, observer = () => {} } = options;
  const { process = UNKNOWN_PROCESS } = options;
  const records = new StepRecords(options.recordsLimit);
  const watch = new DatabaseWatch(options.slots, stores, clock, observer);
  const onEvent = (event: RuntimeEvent, container: string): void => observer({ kind: "table", container, event });
  const { places = new Map() } = options;
  const hub = new TableHub({ stores, clock, name: options.slots.join(","), crashPoint, places, onEvent });
  const { traceEvery } = options;
  const world = { clock, random, stores, sockets, bus, hub, records, crashPoint, traceEvery, emit: observer, process };
  const slots = new Map(
    options.slots.map((slot) => [slot, new Slot(world, { ...SETTINGS_DEFAULT, ...options.settings, slot })]),
  );
  return {
    slots,
    records,
    hub,
    ready: Promise.all([...slots.values()].map((slot) => slot.ready)).then(() => {}),
    reload: () => {
      for (const slot of slots.values()) slot.reload();
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...slots.values()].map((slot) => slot[Symbol.asyncDispose]()));
      await hub[Symbol.asyncDispose]();
      await watch[Symbol.asyncDispose]();
    },
  };
}
