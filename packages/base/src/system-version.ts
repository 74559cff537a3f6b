import { readFileSync } from "node:fs";

/** The version of this build; all packages carry the same. */
export const VERSION: string = versionOf(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

function versionOf(manifest: string): string {
  const { version } = JSON.parse(manifest) as { readonly version?: unknown };
  return typeof version === "string" ? version : "unknown";
}
