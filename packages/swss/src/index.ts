export {
  AsyncDbUpdater,
  type AsyncDbUpdaterOptions,
  describeUpdaterError,
  type UpdaterError,
} from "./async-db-updater.js";
export {
  type DecodeError,
  decodeMessage,
  describeDecodeError,
  type EncodeError,
  encodeMessage,
  MESSAGE_BYTES_MAX,
  type ZmqEntry,
  type ZmqMessage,
  type ZmqReceived,
} from "./binary-serializer.js";
export { type ChangeReader, ChangeSource, type ReaderOptions } from "./change-source.js";
export { type ConfigChange, ConfigDBConnector, ConfigListener, type ConfigTable } from "./config-db-connector.js";
export {
  type ConfigEntry,
  type ConfigEntryInput,
  type ConfigKey,
  decodeConfigEntry,
  encodeConfigEntry,
} from "./config-entry.js";
export { ConsumerStateTable } from "./consumer-state-table.js";
export { ConsumerTable, type ConsumerTableOptions, type QueuedChange } from "./consumer-table.js";
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
export {
  type ChangeInput,
  delOf,
  type FieldsInput,
  type FieldValues,
  fieldValuesOf,
  type KeyOpFieldsValues,
  recordOf,
  setOf,
  stripListMark,
  stripListMarks,
} from "./field-values.js";
export { checkKeyspaceEvents, enableKeyspaceEvents } from "./keyspace-events.js";
export {
  decodeNotification,
  type Notification,
  NotificationConsumer,
  type NotificationConsumerOptions,
} from "./notification-consumer.js";
export { NotificationProducer } from "./notification-producer.js";
export { type OpenDatabasesOptions, openDatabases } from "./open-databases.js";
export { ProducerStateTable, type ProducerStateTableOptions } from "./producer-state-table.js";
export { ProducerTable, type ProducerTableOptions, type QueueChange, type QueueOp } from "./producer-table.js";
export type { BindError, Pull, Push, PushError, Sockets } from "./push-pull.js";
export { loadPasswords, PASSWORD_PATH, type Passwords, RedisStores, type RedisStoresOptions } from "./redis-stores.js";
export type { Replier, RequestError, Requester, RequestSockets } from "./request-reply.js";
export { type AppliedView, compareAndSetRow, type RowSwap, type SwapOutcome } from "./scripts.js";
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
export { SubscriberStateTable, type SubscriberStateTableOptions } from "./subscriber-state-table.js";
export { Table, type TableReadOptions } from "./table.js";
export {
  describeTableError,
  type InvalidChange,
  type KeyspaceEventsOff,
  type ReadError,
  type ReaderError,
  type WriteError,
} from "./table-error.js";
export { EMPTY_ROW } from "./table-names.js";
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
export { decodeChange, type TypedChange } from "./typed-change.js";
export { WarmRestart, type WarmStart, type WarmStartState } from "./warm-restart.js";
export {
  type ChannelSocketOptions,
  EventPull,
  EventPush,
  LockstepClient,
  LockstepServer,
} from "./zmq-channel-sockets.js";
export { type SendError, ZmqClient, type ZmqClientOptions } from "./zmq-client.js";
export { ZmqConsumerStateTable, type ZmqConsumerStateTableOptions } from "./zmq-consumer-state-table.js";
export { ZmqProducerStateTable, type ZmqProducerStateTableOptions } from "./zmq-producer-state-table.js";
export { zmqRequestSockets } from "./zmq-request-sockets.js";
export {
  describeServerError,
  ORCH_ZMQ_PORT,
  type ServerError,
  type TableTaken,
  type ZmqHandler,
  ZmqServer,
  type ZmqServerOptions,
} from "./zmq-server.js";
export { type ZmqSocketsOptions, zmqSockets } from "./zmq-sockets.js";
export {
  type SyncError,
  ZmqSyncClient,
  type ZmqSyncHandler,
  ZmqSyncServer,
  type ZmqSyncServerOptions,
} from "./zmq-sync.js";
