import { DashHaScopeConfig, DashHaSetConfig } from "@tandem/hamgrd";
import type { Fields } from "@tandem/swss";

/** A scope's config row as plain fields, whatever form it is written in; undefined for none, and for a bad one. */
export const scopeConfigOf = once((fields) => {
  const row = DashHaScopeConfig.decode(fields);
  return row.ok ? DashHaScopeConfig.encodePlain(row.value) : undefined;
});

/** An HA set's config row as plain fields. */
export const setConfigOf = once((fields) => {
  const row = DashHaSetConfig.decode(fields);
  return row.ok ? DashHaSetConfig.encodePlain(row.value) : undefined;
});

/** A row that was seen never changes, and many look at it: it is decoded once. */
function once(decode: (fields: Fields) => Fields | undefined): (fields: Fields | undefined) => Fields | undefined {
  const known = new WeakMap<Fields, { readonly plain: Fields | undefined }>();
  return (fields) => {
    if (fields === undefined) return undefined;
    const found = known.get(fields) ?? { plain: decode(fields) };
    known.set(fields, found);
    return found.plain;
  };
}
