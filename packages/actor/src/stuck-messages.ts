import { type Clock, seconds } from "@tandem/base";
import type { OutboxEntry } from "./outbox-core.js";
import type { RuntimeEvent } from "./runtime-event.js";

/** A message that nobody acknowledges for this long is reported. */
export const MESSAGE_STUCK_AFTER = seconds(5);

/** Reports messages that stay unacknowledged, once, and that they no longer do. They are sent again all the time. */
export class StuckMessages {
  readonly #clock: Clock;
  readonly #emit: (event: RuntimeEvent) => void;
  #reported = new Map<bigint, { readonly actor: string; readonly wait: string }>();

  constructor(clock: Clock, emit: (event: RuntimeEvent) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  look(entries: Iterable<OutboxEntry>): void {
    const now = this.#clock.monotonic();
    const before = this.#reported;
    this.#reported = new Map();
    for (const { id, source, destination, key, rowKey, createdAt, refusal } of entries) {
      if (now - createdAt < MESSAGE_STUCK_AFTER) continue;
      const known = before.get(id);
      before.delete(id);
      const actor = `${source.resourceType}/${source.resourceId}`;
      const wait = `${destination} to take ${rowKey ?? key}`;
      this.#reported.set(id, known ?? { actor, wait });
      if (known !== undefined) continue;
      const why = refusal === undefined ? "no answer" : refusal.text;
      this.#emit({ kind: "stuck", actor, wait, then: `send again (${why})` });
    }
    for (const { actor, wait } of before.values()) this.#emit({ kind: "unstuck", actor, wait });
  }
}
