import type { Millis } from "@tandem/base";
import { seconds } from "@tandem/base";

/** Silence after which another client may take over. */
export const SEAT_KEPT = seconds(5);

/**
 * One client at a time, whichever transport it comes by: the front end whose client asked last has the seat, and gives
 * it up by silence, by leaving, or to a client that begins anew with INIT_VIEW.
 */
export class Seat {
  #holder: { readonly name: string; readonly since: Millis; last: Millis } | undefined;

  /** Who has the seat now. */
  get holder(): string | undefined {
    return this.#holder?.name;
  }

  /** Whether `name` may be served; if not, who has the seat and since when. */
  claim(name: string, now: Millis, beginsAnew: boolean): { readonly name: string; readonly since: Millis } | undefined {
    const holder = this.#holder;
    if (holder !== undefined && holder.name !== name && !beginsAnew && now < holder.last + SEAT_KEPT) return holder;
    if (holder?.name === name) holder.last = now;
    else this.#holder = { name, since: now, last: now };
    return undefined;
  }

  leave(name: string): void {
    if (this.#holder?.name === name) this.#holder = undefined;
  }
}
