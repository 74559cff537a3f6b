export {
  DATABASE_CONFIG_PATH,
  DATABASE_GLOBAL_PATH,
  describeConfigError,
  type LoadDatabasesOptions,
  loadDatabases,
} from "./database-loader.js";
export { DATABASES_DEFAULT, type DatabaseName } from "./database-names.js";
export {
  type ConfigError,
  type DatabaseConfig,
  type DatabaseEntry,
  type DatabaseInclude,
  type DatabaseLocation,
  type DatabaseSource,
  Databases,
  decodeDatabaseConfig,
  decodeGlobalConfig,
  type RedisInstance,
} from "./databases.js";
export {
  branded,
  type Codec,
  codecs,
  type Field,
  type FieldOptions,
  fieldOf,
  type Presence,
  type Sample,
  t,
  textCodec,
} from "./field.js";
export type { BindError, Pull, Push, PushError, Sockets } from "./push-pull.js";
export { loadPasswords, PASSWORD_PATH, type Passwords, RedisStores, type RedisStoresOptions } from "./redis-stores.js";
export {
  type Command,
  type Database,
  describeStoreError,
  type MessageListener,
  type OpenError,
  type Reply,
  type Script,
  type Store,
  type StoreAddress,
  type StoreError,
  type Stores,
  type Subscription,
  untilConnected,
} from "./store.js";
export {
  type AnyTable,
  defineTable,
  describeRowError,
  describeTable,
  type Fields,
  type Key,
  type PbCodec,
  type Row,
  type RowCheck,
  type RowError,
  type TableOptions,
  type TableSchema,
} from "./table-schema.js";
export { decodeText, encodeText, isBinary } from "./text.js";
