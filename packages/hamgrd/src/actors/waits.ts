import type { Inputs, Read, Wait } from "@tandem/actor";
import { minutes, seconds } from "@tandem/base";

/** One wait for each table whose snapshot has not been read: an absent row then says nothing. */
export function snapshotWaits(inputs: Inputs<unknown>, reads: readonly Read[]): readonly Wait[] {
  return reads
    .filter(({ table }) => !inputs.loaded(table))
    .map(({ table }) => ({
      for: `the rows of ${table.db} ${table.name}`,
      deadline: seconds(10),
      then: "go on trying to read them",
    }));
}

export const WAIT_CONFIG: Wait = {
  for: "DASH_HA_GLOBAL_CONFIG",
  deadline: minutes(1),
  then: "go on waiting; what stands stays",
};
