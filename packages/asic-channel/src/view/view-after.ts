import type { FieldValues } from "@tandem/swss";
import type { ObjectId } from "../object-id.js";
import { formatKey, isEntryType, mapValueIds, type ObjectKey } from "../object-key.js";
import type { ViewPlan, ViewStep } from "./plan.js";

type Rows = readonly (readonly [key: string, attributes: FieldValues])[];

/** What the ASIC holds after some steps of a plan, as rows. Objects of the old view keep the ids that they had there. */
export function viewAfter(old: Rows, plan: ViewPlan, performed: readonly ViewStep[]): Rows {
  const was = new Map(plan.bound);
  const inOldIds = (value: string): string => mapValueIds(value, (vid) => (was.get(vid) ?? vid) as ObjectId) ?? value;
  const keyNow = ({ type, id }: ObjectKey): string =>
    formatKey({ type, id: isEntryType(type) ? inOldIds(id) : (was.get(id) ?? id) });
  const rows = new Map(old.map(([key, attributes]) => [key, attributes.filter(([name]) => name !== "NULL")]));
  for (const step of performed) {
    const key = keyNow(step.key);
    if (step.change === "remove") {
      rows.delete(key);
      continue;
    }
    const values = new Map(step.change === "set" ? rows.get(key) : []);
    for (const [name, value] of step.attributes) values.set(name, inOldIds(value));
    rows.set(key, [...values]);
  }
  return [...rows];
}
