/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json | undefined };

/** Deep equality of two JSON values; an absent member equals an `undefined` one, order of members is free. */
export function jsonEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
    return a.every((item, i) => jsonEqual(item as Json, b[i] as Json));
  }
  const left = a as { readonly [member: string]: Json | undefined };
  const right = b as { readonly [member: string]: Json | undefined };
  for (const key of Object.keys(left)) if (!jsonEqual(left[key], own(right, key))) return false;
  for (const key of Object.keys(right)) if (own(left, key) === undefined && right[key] !== undefined) return false;
  return true;
}

/** A member of the object itself: `constructor` and its like are keys as any other. */
function own(object: { readonly [member: string]: Json | undefined }, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
