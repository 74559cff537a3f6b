import { type Clock, err, type Files, ok, type Random, type Result } from "@tandem/base";
import type { ConfigError, DatabaseLocation, Databases } from "./databases.js";
import type { RedisEndpoint } from "./redis-client.js";
import { IN_FLIGHT_MAX, RedisLink } from "./redis-link.js";
import { RedisStore } from "./redis-store.js";
import type { OpenError, Store, StoreAddress, Stores } from "./store.js";

/** Where SONiC images that protect Redis keep its password. */
export const PASSWORD_PATH = "/run/redis/auth/passwd";

export interface RedisStoresOptions {
  readonly databases: Databases;
  readonly clock: Clock;
  readonly random: Random;
  /** Connect to hostname:port even where a unix socket is configured. */
  readonly tcp?: boolean;
  readonly passwords?: Passwords;
  /** Commands that may wait for replies on one connection; default 65,536. */
  readonly inFlightMax?: number;
}

/** Passwords of the instances, by the path of their file; the empty path is the default of all. */
export type Passwords = ReadonlyMap<string, string>;

/**
 * Reads the password files that the config names, and `path` as the default of the other instances. A default that was
 * not given is `PASSWORD_PATH`, and need not exist. Trailing line ends are not part of a password.
 */
export async function loadPasswords(
  files: Files,
  databases: Databases,
  path?: string,
): Promise<Result<Passwords, ConfigError>> {
  const passwords = new Map<string, string>();
  const instances = databases.sources.flatMap((source) => [...source.config.instances.values()]);
  for (const named of new Set(instances.map((instance) => instance.passwordPath ?? ""))) {
    const file = named === "" ? (path ?? PASSWORD_PATH) : named;
    const text = await files.read(file);
    if (text.ok) passwords.set(named, text.value.replace(/[\r\n]+$/, ""));
    else if (named !== "" || path !== undefined || text.error.kind !== "notFound") {
      const detail = text.error.kind === "notFound" ? "no such password file" : `cannot be read: ${text.error.detail}`;
      return err({ kind: "badConfig", path: file, detail });
    }
  }
  return ok(passwords);
}

/** The real `Stores`: stores of one database share its connections. */
export class RedisStores implements Stores {
  readonly #options: RedisStoresOptions;
  readonly #links = new Map<string, { readonly link: RedisLink; users: number }>();

  constructor(options: RedisStoresOptions) {
    this.#options = options;
  }

  open(address: StoreAddress): Result<Store, OpenError> {
    const found = this.#options.databases.find(address);
    if (!found.ok) return found;
    const { database } = found.value;
    const endpoint = this.#endpoint(found.value);
    const key = JSON.stringify(endpoint);
    let shared = this.#links.get(key);
    if (shared === undefined) {
      const { clock, random, inFlightMax = IN_FLIGHT_MAX } = this.#options;
      shared = { link: new RedisLink(endpoint, { clock, random, inFlightMax }), users: 0 };
      this.#links.set(key, shared);
    }
    const { link } = shared;
    shared.users += 1;
    return ok(new RedisStore(database, link, () => this.#release(key)));
  }

  /** Ends every connection; stores that are still open stay disconnected. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { link } of this.#links.values()) link.close();
    this.#links.clear();
  }

  #release(key: string): void {
    const shared = this.#links.get(key);
    if (shared === undefined) return;
    shared.users -= 1;
    if (shared.users > 0) return;
    this.#links.delete(key);
    shared.link.close();
  }

  #endpoint({ database, instance }: DatabaseLocation): RedisEndpoint {
    const password = this.#options.passwords?.get(instance.passwordPath ?? "");
    const { unixSocketPath, hostname: host, port } = instance;
    const unix = unixSocketPath !== "" && this.#options.tcp !== true;
    return {
      ...(unix && { socket: unixSocketPath }),
      host,
      port,
      ...(password !== undefined && password !== "" && { password }),
      database: database.id,
    };
  }
}
