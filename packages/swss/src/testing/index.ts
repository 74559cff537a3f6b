export { arbitraryRow } from "./arbitrary-row.js";
export { freePort, type RedisServer, type RedisServerOptions, startRedis } from "./redis-server.js";
export { databaseConfigText, databasesAt, type RedisAddress, redisStoresAt } from "./redis-stores.js";
