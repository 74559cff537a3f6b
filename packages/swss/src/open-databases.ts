import {
  type Clock,
  type Files,
  ok,
  type Random,
  type Result,
  systemClock,
  systemFiles,
  systemRandom,
} from "@tandem/base";
import { type LoadDatabasesOptions, loadDatabases } from "./database-loader.js";
import type { ConfigError } from "./databases.js";
import { loadPasswords, RedisStores } from "./redis-stores.js";

/** How `openDatabases` connects, and what stands for clock, files and randomness in tests. */
export interface OpenDatabasesOptions extends LoadDatabasesOptions {
  /** Connect to hostname:port even where a unix socket is configured. */
  readonly tcp?: boolean;
  /** File that holds the password of every instance which names no file of its own. */
  readonly passwordFile?: string;
  readonly files?: Files;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** The databases of this machine, from SONiC's config files or those given. Nothing is connected before it is opened. */
export async function openDatabases(options: OpenDatabasesOptions = {}): Promise<Result<RedisStores, ConfigError>> {
  const { files = systemFiles, clock = systemClock, random = systemRandom, tcp = false, passwordFile } = options;
  const databases = await loadDatabases(files, options);
  if (!databases.ok) return databases;
  const passwords = await loadPasswords(files, databases.value, passwordFile);
  if (!passwords.ok) return passwords;
  return ok(new RedisStores({ databases: databases.value, passwords: passwords.value, clock, random, tcp }));
}
