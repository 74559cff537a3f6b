import type { Fields } from "@tandem/swss";

/** Fields whose values depend on what has happened before, not on what stands now. */
const HISTORY = /^(version|.*_time.*|.*_term|creation_time_in_ms|pending_operation_ids|local_.*ha_state.*)$/;

/** What lasts of a row that hamgrd stands for, as text; equal for equal configurations. */
export function lastingText(fields: Fields): string {
  return Object.keys(fields)
    .filter((name) => !HISTORY.test(name) && !(name === "pending_operation_types" && fields[name] === ""))
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join(" ");
}
