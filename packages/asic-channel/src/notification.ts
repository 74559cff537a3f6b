import type { FieldValues } from "@tandem/swss";

/**
 * One event from syncd: a port went up, an address was learnt. `data` is JSON text whose members are sorted and whose
 * scalars are strings; ids in it are VIDs. sonic-sairedis, meta/NotificationFactory.cpp.
 */
export interface AsicNotification {
  readonly name: string;
  readonly data: string;
  /** Normally none. */
  readonly fields: FieldValues;
}
