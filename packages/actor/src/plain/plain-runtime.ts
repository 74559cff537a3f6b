import { type Clock, type CrashPoint, noCrash, type Random } from "@tandem/base";
import type { EdgeRuntime } from "@tandem/swbus/edge";
import { Outbox } from "../outbox.js";
import type { RuntimeEvent } from "../runtime-event.js";
import type { PlainDefinition } from "./define-plain-actor.js";
import type { PlainHost } from "./plain-host.js";
import { PlainPlace } from "./plain-place.js";

export interface PlainRuntimeOptions {
  readonly edge: EdgeRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly crashPoint?: CrashPoint;
  readonly onEvent?: (event: RuntimeEvent) => void;
}

/** Runs plain message actors at `<base>/<type>/<id>` of one edge. */
export class PlainRuntime implements Disposable {
  readonly #host: PlainHost;
  readonly #places = new Set<PlainPlace>();

  constructor({ edge, clock, random, crashPoint = noCrash, onEvent = () => {} }: PlainRuntimeOptions) {
    const outbox = new Outbox({ edge, clock, random, crashPoint });
    const ended = (place: PlainPlace): void => {
      this.#places.delete(place);
    };
    this.#host = { edge, clock, random, crashPoint, outbox, emit: onEvent, ended };
  }

  /** Actors that have not ended. */
  get size(): number {
    return this.#places.size;
  }

  /** Registered at once; `init` runs next. */
  spawn(definition: PlainDefinition, id: string): void {
    const place = new PlainPlace(this.#host, definition, id);
    this.#places.add(place);
    this.#host.outbox.appeared(place.path);
  }

  [Symbol.dispose](): void {
    for (const place of [...this.#places]) place.close();
    this.#host.outbox.close();
  }
}
