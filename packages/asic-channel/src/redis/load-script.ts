import { readFileSync } from "node:fs";
import type { Script } from "@tandem/swss";

/** A script of this package, behind the text that it shares with others. Works from `src` and from `dist`. */
export function loadScript(name: string, shared = ""): Script {
  return { name, lua: shared + luaOf(name) };
}

export function luaOf(name: string): string {
  return readFileSync(new URL(`../../src/lua/${name}.lua`, import.meta.url), "utf8");
}
