import type { Clock, CrashPoint, Random } from "@tandem/base";
import type { EdgeRuntime } from "@tandem/swbus/edge";
import type { Outbox } from "../outbox.js";
import type { RuntimeEvent } from "../runtime-event.js";
import type { PlainPlace } from "./plain-place.js";

/** What a plain runtime gives to each of its actors. */
export interface PlainHost {
  readonly edge: EdgeRuntime;
  readonly clock: Clock;
  readonly random: Random;
  readonly crashPoint: CrashPoint;
  readonly outbox: Outbox;
  readonly emit: (event: RuntimeEvent) => void;
  readonly ended: (place: PlainPlace) => void;
}
