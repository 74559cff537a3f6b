import { createHash } from "node:crypto";
import type { Script } from "./store.js";

const known = new WeakMap<Script, string>();

/** The name that Redis gives a script: SHA-1 of its text, in hex. */
export function scriptSha(script: Script): string {
  let sha = known.get(script);
  if (sha === undefined) {
    sha = createHash("sha1").update(script.lua).digest("hex");
    known.set(script, sha);
  }
  return sha;
}
