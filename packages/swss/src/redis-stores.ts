import { err, type Files, ok, type Result } from "@tandem/base";
import type { ConfigError, DatabaseLocation, Databases } from "./databases.js";
import { LinkedStores, type LinkedStoresOptions } from "./linked-stores.js";
import { RedisClient, type RedisEndpoint } from "./redis-client.js";

/** Where SONiC images that protect Redis keep its password. */
export const PASSWORD_PATH = "/run/redis/auth/passwd";

/** Which databases `RedisStores` opens, and with which passwords. */
export interface RedisStoresOptions extends LinkedStoresOptions {
  /** Connect to hostname:port even where a unix socket is configured. */
  readonly tcp?: boolean;
  readonly passwords?: Passwords;
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

/** The real `Stores`, over the Redis servers that the config files name. */
export class RedisStores extends LinkedStores {
  constructor(options: RedisStoresOptions) {
    super(options, (location) => {
      const endpoint = endpointOf(location, options);
      return {
        key: JSON.stringify(endpoint),
        connect: (onEnd) => RedisClient.connect(endpoint, options.clock, onEnd),
      };
    });
  }
}

function endpointOf({ database, instance }: DatabaseLocation, options: RedisStoresOptions): RedisEndpoint {
  const password = options.passwords?.get(instance.passwordPath ?? "") ?? "";
  const { unixSocketPath, hostname: host, port } = instance;
  return {
    ...(unixSocketPath !== "" && options.tcp !== true && { socket: unixSocketPath }),
    host,
    port,
    ...(password !== "" && { password }),
    database: database.id,
  };
}
