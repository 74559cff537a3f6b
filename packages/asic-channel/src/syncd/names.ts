import { formatKey, type ObjectKey } from "../object-key.js";

/** Before the table's name while a view is being built. */
export type RowPrefix = "" | "TEMP_";

/** Table of the objects that the ASIC has. */
export const STATE_TABLE = "ASIC_STATE";

export function rowKey(prefix: RowPrefix, key: ObjectKey): string {
  return `${prefix}${STATE_TABLE}:${formatKey(key)}`;
}

export const VID_COUNTER = "VIDCOUNTER";
export const VID_TO_RID = "VIDTORID";
export const RID_TO_VID = "RIDTOVID";

/** Rows that are kept per switch: the first switch of the first context has the bare names. */
export function switchRow(name: "LANES" | "HIDDEN" | "COLDVIDS", switchVid: string, isFirst: boolean): string {
  return isFirst ? name : `${name}:${switchVid}`;
}

/** What is begun and not settled: one request, as JSON. */
export const INTENT = "TANDEM_SYNCD_INTENT";

/** Requests that are settled, newest first: id and reply, as JSON. */
export const SETTLED = "TANDEM_SYNCD_SETTLED";

/** Hash: which view requests go to, and whether a boot is under way. */
export const SYNCD_STATE = "TANDEM_SYNCD_STATE";

/** Steps of a view change that are done: step → RID. */
export const PROGRESS = "TANDEM_SYNCD_PROGRESS";

/** Objects that the new view removed by name: among them such as the switch came with. */
export const REMOVED = "TANDEM_SYNCD_REMOVED";

/** The key that says which process executes requests of an ASIC_DB, over all transports. */
export const SYNCD_OWNER = "TANDEM_ASIC_OWNER:syncd";
