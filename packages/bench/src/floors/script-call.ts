import { createHash } from "node:crypto";
import { invariant } from "@tandem/base";
import type { Script, Store } from "@tandem/swss";

/** Stands for the row's key in a call that is repeated with others. */
const KEY = "the-key-of-the-row";

/** A script call that a table makes, ready to be made by others. */
export interface ScriptCall {
  /** The EVALSHA for one key. */
  command(key: string): readonly string[];
}

/** What `act` asks of the store for the key that it is given; the script is known to Redis afterwards. */
export async function scriptCallOf(
  store: Store,
  act: (store: Store, key: string) => Promise<unknown>,
): Promise<ScriptCall> {
  let seen: { readonly script: Script; readonly keys: readonly string[]; readonly args: readonly string[] } | undefined;
  await act(
    {
      db: store.db,
      connected: true,
      command: (command) => store.command(command),
      pipeline: (commands) => store.pipeline(commands),
      multi: (commands) => store.multi(commands),
      subscribe: (channel, listener) => store.subscribe(channel, listener),
      psubscribe: (pattern, listener) => store.psubscribe(pattern, listener),
      onConnect: (listener) => store.onConnect(listener),
      onDisconnect: (listener) => store.onDisconnect(listener),
      run: (script, keys, args) => {
        seen = { script, keys, args };
        return store.run(script, keys, args);
      },
      [Symbol.asyncDispose]: async () => undefined,
    },
    KEY,
  );
  invariant(seen !== undefined, "a call of a script was expected");
  const { script, keys, args } = seen;
  const sha = createHash("sha1").update(script.lua).digest("hex");
  const words = ["EVALSHA", sha, String(keys.length), ...keys, ...args];
  return { command: (key) => words.map((word) => (word === KEY ? key : word)) };
}
