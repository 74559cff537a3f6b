/** The DPU takes versions as u32. */
export const VERSION_MAX = 0xffff_ffff;

/** A row's version as a number: its leading digits; 0 for a row without one. */
export function numberOf(version: string): number {
  return Number(/^\s*(\d{1,10})/.exec(version)?.[1] ?? 0);
}

/** The same in the form of an entity tag, as `ETag` and `If-Match` carry it. */
export function entityTag(version: string): string {
  return `"${numberOf(version)}"`;
}

/** What an `If-Match` header names; `undefined` for anything that is no version. */
export function parseEntityTag(text: string): string | undefined {
  return /^"?(\d{1,10})"?$/.exec(text.trim())?.[1];
}
