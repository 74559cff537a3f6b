import type { Fields } from "@tandem/swss";

/** A comma list; empty when the field is. */
export function listOf(fields: Fields | undefined, name: string): readonly string[] {
  return (fields?.[name] ?? "").split(",").filter((item) => item !== "");
}

/** Whether a flag is set, as everybody reads it. */
export function isTrue(text: string | undefined): boolean {
  return text === "1" || text?.toLowerCase() === "true";
}
