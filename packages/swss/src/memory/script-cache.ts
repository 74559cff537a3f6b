import { scriptSha } from "../script-sha.js";
import { SCRIPTS } from "../scripts.js";
import type { Reply, Script } from "../store.js";
import { refuse } from "./command.js";
import { SCRIPT_TWINS, type ScriptTwin } from "./scripts.js";

/** A script and what stands for its Lua. */
export interface MemoryScript {
  readonly script: Script;
  readonly twin: ScriptTwin;
}

/** The twins of the package's own scripts. */
export function ownScripts(): MemoryScript[] {
  return Object.values(SCRIPTS).flatMap((script) => {
    const twin = SCRIPT_TWINS.get(script.name);
    return twin === undefined ? [] : [{ script, twin }];
  });
}

/** The script cache of a server. It knows Lua only by its twins: other text is refused as one that does not compile. */
export class ScriptCache {
  readonly #known = new Map<string, ScriptTwin>();
  readonly #loaded = new Set<string>();

  constructor(scripts: readonly MemoryScript[]) {
    for (const { script, twin } of scripts) this.#known.set(scriptSha(script), twin);
  }

  find(sha: string): ScriptTwin | undefined {
    return this.#loaded.has(sha) ? this.#known.get(sha) : undefined;
  }

  /** The script's SHA-1. */
  load(lua: string): string {
    const sha = scriptSha({ name: "", lua });
    if (!this.#known.has(sha)) refuse("ERR Error compiling script: this store has no twin for it");
    this.#loaded.add(sha);
    return sha;
  }

  flush(): void {
    this.#loaded.clear();
  }

  /** SCRIPT LOAD, EXISTS and FLUSH. */
  manage([verb = "", ...args]: readonly string[]): Reply {
    switch (verb.toUpperCase()) {
      case "LOAD":
        return this.load(args[0] ?? "");
      case "EXISTS":
        return args.map((sha) => Number(this.#loaded.has(sha.toLowerCase())));
      case "FLUSH":
        this.flush();
        return "OK";
      default:
        return refuse(`ERR unknown subcommand '${verb}'. Try SCRIPT HELP.`);
    }
  }
}
