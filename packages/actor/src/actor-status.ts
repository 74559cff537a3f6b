import type { Millis } from "@tandem/base";
import type { Problem } from "./define-actor.js";
import type { StandingWait } from "./wait-book.js";

/** What `show`, `why` and `doctor` see of an actor. */
export interface ActorStatus {
  readonly type: string;
  readonly id: string;
  readonly incarnation: number;
  /** False while the rows of a deleted one are being removed. */
  readonly exists: boolean;
  readonly reason: string;
  readonly waits: readonly StandingWait[];
  readonly problems: readonly Problem[];
  /** The rows that it stands for, in order: `<DB>|<TABLE>|<key>`. */
  readonly rows: readonly string[];
  /** Crashes in a row. */
  readonly crashes: number;
  readonly crashesTotal: number;
  readonly lastError: string | undefined;
  /** Changes that its sinks have not acknowledged, with the last refusal. */
  readonly pending: readonly {
    readonly row: string;
    readonly op: "set" | "del";
    readonly since: Millis;
    readonly refusal: string;
  }[];
}
