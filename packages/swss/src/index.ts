export { DATABASES_DEFAULT, type DatabaseName } from "./database-names.js";
export { branded, type Codec, codecs, type Field, type FieldOptions, fieldOf, type Presence, type Sample, t, textCodec } from "./field.js";
export type { BindError, Pull, Push, PushError, Sockets } from "./push-pull.js";
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
  type RowError,
  type TableOptions,
  type TableSchema,
} from "./table-schema.js";
export { decodeText, encodeText, isBinary } from "./text.js";
