import { err, ok, type Result } from "@tandem/base";
import { describeStoreError, type Store } from "@tandem/swss";
import { withIndex } from "./vid-map.js";

/** Gives objects that a recording creates their VIDs here: the client of a channel chooses them. */
export interface Vids {
  /** What was neither created nor read before has its recorded id here too. */
  readonly unknownStay: boolean;
  /** A VID for what was `recorded`, of the same switch and type. */
  fresh(recorded: string): Promise<Result<string, string>>;
}

/** Those of the recording: right where nothing else has created objects before. */
export const recordedVids: Vids = { unknownStay: true, fresh: async (recorded) => ok(recorded) };

/** The counter that clients and server of a database share. */
const COUNTER = "VIDCOUNTER";

/** Fresh ones, from the counter that orchagent and syncd use. */
export function countedVids(store: Store): Vids {
  return {
    unknownStay: false,
    async fresh(recorded) {
      const counted = await store.command(["INCR", COUNTER]);
      if (!counted.ok) return err(describeStoreError(counted.error));
      return ok(withIndex(recorded, BigInt(counted.value as number)));
    },
  };
}
