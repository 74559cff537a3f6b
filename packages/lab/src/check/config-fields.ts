import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import type { Fields } from "@tandem/swss";

/** A scope's config row as plain fields, whatever form it is written in; undefined for none, and for a bad one. */
export function scopeConfigOf(fields: Fields | undefined): Fields | undefined {
  const row = fields === undefined ? undefined : DashHaScopeConfig.decode(fields);
  return row?.ok ? DashHaScopeConfig.encodePlain(row.value) : undefined;
}

/** An HA set's config row as plain fields. */
export function setConfigOf(fields: Fields | undefined): Fields | undefined {
  const row = fields === undefined ? undefined : DashHaSetConfig.decode(fields);
  return row?.ok ? DashHaSetConfig.encodePlain(row.value) : undefined;
}
