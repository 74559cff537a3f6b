/** The version as the DPU takes it, a u32: leading digits as they are (`1.0` → `1`). */
export function numericVersion(text: string): string | undefined {
  const digits = /^\s*(\d{1,10})(?!\d)/.exec(text)?.[1];
  return digits !== undefined && Number(digits) <= 0xffff_ffff ? String(Number(digits)) : undefined;
}
