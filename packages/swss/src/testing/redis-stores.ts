import { systemClock, systemRandom, unwrap } from "@tandem/base";
import { DATABASES_DEFAULT } from "../database-names.js";
import { Databases, decodeDatabaseConfig } from "../databases.js";
import { RedisStores } from "../redis-stores.js";

/** Address of a server: a unix socket, or a TCP port of 127.0.0.1, or both. */
export interface RedisAddress {
  readonly socket?: string;
  readonly port?: number;
  readonly host?: string;
}

/** The text of a `database_config.json` in which one instance holds every SONiC database. */
export function databaseConfigText({ socket = "", port = 0, host = "127.0.0.1" }: RedisAddress): string {
  const databases = Object.entries(DATABASES_DEFAULT).map(([name, db]) => [name, { ...db, instance: "redis" }]);
  const instances = { redis: { hostname: host, port, unix_socket_path: socket } };
  return JSON.stringify({ INSTANCES: instances, DATABASES: Object.fromEntries(databases), VERSION: "1.0" });
}

/** All SONiC databases of one server, as the host's. */
export function databasesAt(address: RedisAddress, container = "", namespace = ""): Databases {
  const path = "database_config.json";
  const config = unwrap(decodeDatabaseConfig(path, databaseConfigText(address)));
  return new Databases([{ path, container, namespace, config }]);
}

/** Stores on a server that was started by `startRedis`. */
export function redisStoresAt(
  address: RedisAddress,
  options: { inFlightMax?: number; tcp?: boolean } = {},
): RedisStores {
  return new RedisStores({ databases: databasesAt(address), clock: systemClock, random: systemRandom, ...options });
}
