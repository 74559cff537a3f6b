import type { Inputs } from "@tandem/actor";
import type { AnyTable } from "@tandem/swss";

/**
 * Whether an absent row says that there is none: the table has been read, and no row of it is refused. What was
 * remembered of such a row before a restart is its last good form.
 */
export function readable(inputs: Inputs<unknown>, table: AnyTable): boolean {
  return inputs.loaded(table) && !inputs.hidesRow(table);
}
