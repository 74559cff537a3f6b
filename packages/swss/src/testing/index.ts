export { MemoryRedis, type MemoryRedisOptions } from "../memory/memory-redis.js";
export { type MemoryServer, MemoryStores, type MemoryStoresOptions } from "../memory/memory-stores.js";
export type { MemoryScript } from "../memory/script-cache.js";
export { type ScriptCall, ScriptRefusal, type ScriptTwin } from "../memory/scripts.js";
export { arbitraryRow } from "./arbitrary-row.js";
export { freePort, type RedisServer, type RedisServerOptions, startRedis } from "./redis-server.js";
export { databaseConfigText, databasesAt, type RedisAddress, redisStoresAt } from "./redis-stores.js";
