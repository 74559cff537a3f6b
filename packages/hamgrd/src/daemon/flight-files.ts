import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { flightClosing, flightOf, flightOpening, sealFlight } from "@tandem/actor";
import { type Clock, err, type Millis, minutes, ok, type Result } from "@tandem/base";
import type { DaemonLogger } from "@tandem/daemon";
import { hamgrdActors } from "../actors/hamgrd-actors.js";
import type { Hamgrd } from "./start-hamgrd.js";

/** Why a flight is written: somebody asks (SIGUSR2), an actor has crashed, the process is about to end by a bug. */
export type FlightCause = "asked" | "crash" | "bug";

/** An actor that crashes again and again leaves one file in this time. */
const CRASH_PAUSE = minutes(1);

/**
 * Writes the last steps of each slot to `<folder>/hamgrd-dpu<slot>.<cause>.flight`, the one before becomes `….1`. Blocks
 * the process while it writes: the next thing that happens may be its end.
 */
export class FlightFiles {
  readonly #hamgrd: Hamgrd;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #logger: Pick<DaemonLogger, "warn" | "info">;
  #crashedAt: Millis | undefined;

  constructor(hamgrd: Hamgrd, folder: string, clock: Clock, logger: Pick<DaemonLogger, "warn" | "info">) {
    this.#hamgrd = hamgrd;
    this.#folder = folder;
    this.#clock = clock;
    this.#logger = logger;
  }

  save(cause: FlightCause): void {
    if (cause === "crash") {
      const now = this.#clock.monotonic();
      if (this.#crashedAt !== undefined && now < this.#crashedAt + CRASH_PAUSE) return;
      this.#crashedAt = now;
    }
    for (const slot of this.#hamgrd.slots.keys()) {
      const path = join(this.#folder, `hamgrd-dpu${slot}.${cause}.flight`);
      const written = this.#write(path, this.#lines(slot));
      if (written.ok) this.#logger.info(`${path}: the last steps of slot ${slot} are written there`);
      else this.#logger.warn(`${path}: ${written.error}; the last steps of slot ${slot} are not written`);
    }
  }

  #lines(slot: number): readonly string[] {
    const { slots, records } = this.#hamgrd;
    const running = slots.get(slot);
    if (running === undefined) return [];
    const name = `dpu${slot}`;
    const process = {
      process: running.path ?? name,
      slot: name,
      boot: records.boot ?? null,
      about: { ...running.settings },
      first: records.first,
    };
    const { lines, steps } = flightOf(records, hamgrdActors(running.settings), process);
    return sealFlight([flightOpening(this.#clock.now()), ...lines, flightClosing(steps)]);
  }

  #write(path: string, lines: readonly string[]): Result<void, string> {
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(`${path}.new`, `${lines.join("\n")}\n`);
      try {
        renameSync(path, `${path}.1`);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
      renameSync(`${path}.new`, path);
      return ok();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return err((error as Error).message);
    }
  }
}
