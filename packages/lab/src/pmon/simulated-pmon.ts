import { type Clock, err, type Millis, millis, ok, type Result, type Timer } from "@tandem/base";
import type { Fields, OpenError, Stores } from "@tandem/swss";
import type { SimulatedDpu } from "../dpu/simulated-dpu.js";
import { RowWriter } from "../row-writer.js";
import type { SwitchPlace } from "../topology.js";
import { type DpuPlanes, newPlanes, type Plane, planesRow, setPlane } from "./planes.js";

/** How long pmon needs to see what happened. */
export interface PmonTimings {
  /** Power lost → midplane down. chassisd polls every 10 s; the default is its middle. */
  readonly downAfter: Millis;
  /** DPU booted → midplane up, then control plane, then data plane. */
  readonly midplaneAfter: Millis;
  readonly controlAfter: Millis;
  readonly dataAfter: Millis;
}

export const PMON_TIMINGS: PmonTimings = {
  downAfter: millis(5000),
  midplaneAfter: millis(100),
  controlAfter: millis(200),
  dataAfter: millis(300),
};

export interface PmonOptions {
  readonly place: SwitchPlace;
  readonly clock: Clock;
  readonly stores: Stores;
  /** The DPUs of this switch: their planes follow their power. */
  readonly dpus: readonly SimulatedDpu[];
  readonly timings?: Partial<PmonTimings>;
  readonly onWarning?: (text: string) => void;
}

/** pmon of one switch: writes DPU_STATE, by itself from the DPUs' power and by hand as a fault. */
export interface SimulatedPmon extends AsyncDisposable {
  readonly place: SwitchPlace;
  /** Whether the row shows the plane up. */
  isUp(dpu: SimulatedDpu, plane: Plane): boolean;
  /** A plane is reported up or down, whatever the DPU does. */
  setPlane(dpu: SimulatedDpu, plane: Plane, up: boolean, reason?: string): void;
  /** The row vanishes until the next change. */
  deleteRow(dpu: SimulatedDpu): void;
  /** Fault: fields of the row are overwritten, whatever pmon sees. */
  distort(dpu: SimulatedDpu, fields: Fields): void;
  /** The row is written again as pmon sees it. */
  rewrite(dpu: SimulatedDpu): void;
  /** Fault: nothing is written until it is let go. */
  setHeld(held: boolean): void;
  /** Resolves when every row is written. */
  idle(): Promise<void>;
}

export function startPmon(options: PmonOptions): Result<SimulatedPmon, OpenError> {
  const store = options.stores.open({ db: "CHASSIS_STATE_DB" });
  if (!store.ok) return err(store.error);
  const writer = new RowWriter(store.value, options.clock, (text) => options.onWarning?.(text));
  return ok(new PmonShell(options, writer));
}

interface Watched {
  readonly dpu: SimulatedDpu;
  planes: DpuPlanes;
  powered: boolean;
  timers: Timer[];
  readonly unsubscribe: () => void;
}

class PmonShell implements SimulatedPmon {
  readonly place: SwitchPlace;
  readonly #clock: Clock;
  readonly #timings: PmonTimings;
  readonly #writer: RowWriter;
  readonly #watched = new Map<SimulatedDpu, Watched>();

  constructor(options: PmonOptions, writer: RowWriter) {
    this.place = options.place;
    this.#clock = options.clock;
    this.#timings = { ...PMON_TIMINGS, ...options.timings };
    this.#writer = writer;
    for (const dpu of options.dpus) {
      const watched: Watched = {
        dpu,
        planes: newPlanes(options.clock.now()),
        powered: false,
        timers: [],
        unsubscribe: dpu.onChange(() => this.#onDpu(watched)),
      };
      this.#watched.set(dpu, watched);
      this.#write(watched);
      this.#onDpu(watched);
    }
  }

  isUp(dpu: SimulatedDpu, plane: Plane): boolean {
    const planes = this.#watched.get(dpu)?.planes;
    return planes?.midplane_link.up === true && planes[plane].up;
  }

  setPlane(dpu: SimulatedDpu, plane: Plane, up: boolean, reason = "set by hand"): void {
    const watched = this.#watched.get(dpu);
    if (watched !== undefined) this.#set(watched, plane, up, reason);
  }

  deleteRow(dpu: SimulatedDpu): void {
    this.#writer.del(rowKey(dpu));
  }

  distort(dpu: SimulatedDpu, fields: Fields): void {
    this.#writer.hset(rowKey(dpu), fields);
  }

  rewrite(dpu: SimulatedDpu): void {
    const watched = this.#watched.get(dpu);
    if (watched !== undefined) this.#write(watched);
  }

  setHeld(held: boolean): void {
    this.#writer.setHeld(held);
  }

  idle(): Promise<void> {
    return this.#writer.idle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { timers, unsubscribe } of this.#watched.values()) {
      unsubscribe();
      for (const timer of timers) timer.cancel();
    }
    await this.#writer.close();
  }

  #onDpu(watched: Watched): void {
    const { dpu } = watched;
    if (dpu.powered === watched.powered) return;
    watched.powered = dpu.powered;
    for (const timer of watched.timers) timer.cancel();
    const at = (after: Millis, plane: Plane, up: boolean, reason: string): Timer =>
      this.#clock.setTimer(after, () => this.#set(watched, plane, up, reason));
    const { downAfter, midplaneAfter, controlAfter, dataAfter } = this.#timings;
    if (!dpu.powered) {
      watched.timers = [at(downAfter, "midplane_link", false, "the DPU does not answer")];
      return;
    }
    watched.timers = [
      // What the DPU says first of its own planes, as soon as it can be heard.
      at(midplaneAfter, "control_plane", false, "booting"),
      at(midplaneAfter, "data_plane", false, "booting"),
      at(midplaneAfter, "midplane_link", true, "PCIe link is up"),
      at(controlAfter, "control_plane", true, "SYSTEM_READY"),
      at(dataAfter, "data_plane", true, "ports are up"),
    ];
  }

  #set(watched: Watched, plane: Plane, up: boolean, reason: string): void {
    const planes = setPlane(watched.planes, plane, up, this.#clock.now(), reason);
    if (planes === watched.planes) return;
    watched.planes = planes;
    this.#write(watched);
  }

  #write({ dpu, planes }: Watched): void {
    this.#writer.hset(rowKey(dpu), planesRow(dpu.place.slot, planes));
  }
}

function rowKey(dpu: SimulatedDpu): string {
  return `DPU_STATE|DPU${dpu.place.slot}`;
}
