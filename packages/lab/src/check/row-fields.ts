import type { Fields } from "@tandem/swss";

/** A comma list; empty when the field is. */
export function listOf(fields: Fields | undefined, name: string): readonly string[] {
  return (fields?.[name] ?? "").split(",").filter((item) => item !== "");
}

/** Whether a flag is set, as everybody reads it. */
export function isTrue(text: string | undefined): boolean {
  return text === "1" || text?.toLowerCase() === "true";
}

export function sameRow(a: Fields, b: Fields): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
