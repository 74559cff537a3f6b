import { join } from "node:path";
import { golden } from "@tandem/base/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Declaration, type Declarations, declarationsOf, parseDeclarations } from "./declarations.js";
import { ROOT } from "./repository.js";

const INTRODUCTION = `# API of @tandem/swss

Every public name, printed from the declarations of the sources; do not edit this page (\`UPDATE=1\` prints it again). The
[README](README.md) says which class is for what. \`Result\`, \`Clock\`, \`Random\`, \`Files\` and \`Millis\` come from
\`@tandem/base\`: a \`Result<T, E>\` is \`{ ok: true, value: T }\` or \`{ ok: false, error: E }\`.
`;

/** A heading, what a reader should know first, and the names below it in the order in which they are met. */
interface Theme {
  readonly heading: string;
  readonly about?: string;
  readonly names: string;
}

const THEMES: readonly Theme[] = [
  {
    heading: "Databases and connections",
    about: "`openDatabases` reads SONiC's config files; each table, queue and channel takes a `Store` that it opens.",
    names: `openDatabases OpenDatabasesOptions RedisStores RedisStoresOptions Stores StoreAddress OpenError Store
      untilConnected Database Command Reply Script Subscription MessageListener DatabaseName DATABASES_DEFAULT Databases
      loadDatabases LoadDatabasesOptions DATABASE_CONFIG_PATH DATABASE_GLOBAL_PATH decodeDatabaseConfig
      decodeGlobalConfig DatabaseConfig DatabaseEntry DatabaseInclude DatabaseLocation DatabaseSource RedisInstance
      loadPasswords PASSWORD_PATH Passwords`,
  },
  {
    heading: "Rows and changes",
    about: "What tables of all kinds take and give.",
    names: `FieldValues FieldsInput ChangeInput KeyOpFieldsValues setOf delOf fieldValuesOf recordOf EMPTY_ROW
      stripListMark stripListMarks ChangeReader ChangeSource ReaderOptions`,
  },
  { heading: "Tables", names: "Table TableReadOptions compareAndSetRow RowSwap SwapOutcome" },
  {
    heading: "State tables",
    names: "ProducerStateTable ProducerStateTableOptions AppliedView ConsumerStateTable",
  },
  {
    heading: "Queues",
    names: "ProducerTable ProducerTableOptions QueueChange QueueOp ConsumerTable ConsumerTableOptions QueuedChange",
  },
  {
    heading: "Subscriptions",
    names: "SubscriberStateTable SubscriberStateTableOptions checkKeyspaceEvents enableKeyspaceEvents",
  },
  {
    heading: "Notifications",
    names: `NotificationProducer NotificationConsumer NotificationConsumerOptions Notification decodeNotification`,
  },
  {
    heading: "CONFIG_DB",
    names: `ConfigDBConnector ConfigListener ConfigChange ConfigTable ConfigKey ConfigEntry ConfigEntryInput
      decodeConfigEntry encodeConfigEntry`,
  },
  { heading: "Warm restart", names: "WarmRestart WarmStart WarmStartState" },
  {
    heading: "ZMQ",
    names: `ZmqClient ZmqClientOptions ZmqProducerStateTable ZmqProducerStateTableOptions ZmqServer ZmqServerOptions
      ZmqHandler ORCH_ZMQ_PORT ZmqConsumerStateTable ZmqConsumerStateTableOptions ZmqSyncClient ZmqSyncServer
      ZmqSyncServerOptions ZmqSyncHandler AsyncDbUpdater AsyncDbUpdaterOptions zmqSockets ZmqSocketsOptions
      LockstepClient LockstepServer EventPush EventPull ChannelSocketOptions zmqRequestSockets Sockets Push Pull RequestSockets Requester Replier encodeMessage decodeMessage ZmqMessage ZmqEntry
      ZmqReceived MESSAGE_BYTES_MAX`,
  },
  {
    heading: "Schemas",
    about: "One declaration per table: types, decoding, checks and documentation derive from it.",
    names: `defineTable TableOptions TableSchema AnyTable Row Key Fields PbCodec RowCheck t Field FieldOptions Presence
      fieldOf Codec Sample codecs textCodec branded decodeChange TypedChange describeTable`,
  },
  { heading: "Text", names: "decodeText encodeText isBinary" },
  {
    heading: "Errors",
    about: "Closed unions of plain data; each `describe…` makes one line for an operator of them.",
    names: `StoreError describeStoreError WriteError InvalidChange ReadError ReaderError KeyspaceEventsOff
      describeTableError RowError describeRowError ConfigError describeConfigError SendError PushError BindError
      RequestError SyncError ServerError TableTaken describeServerError EncodeError DecodeError describeDecodeError
      UpdaterError describeUpdaterError`,
  },
];

const TESTING: readonly Theme[] = [
  {
    heading: "`@tandem/swss/testing`",
    about: "For tests of what uses the package: the same ports in memory, or on a server that the test starts.",
    names: `MemoryRedis MemoryRedisOptions MemoryStores MemoryStoresOptions MemoryServer MemoryWires MemoryRequestWires
      startRedis RedisServer RedisServerOptions freePort redisStoresAt databasesAt databaseConfigText RedisAddress
      storeContract StoreContractCase StoreWorld CONTRACT_SCRIPTS socketContract ContractCase SocketWorld ScriptTwin
      ScriptCall ScriptRefusal MemoryScript`,
  },
  {
    heading: "`@tandem/swss/testing/arbitrary`",
    about: "Needs `fast-check`, which the package does not install.",
    names: "arbitraryRow",
  },
];

const namesOf = (themes: readonly Theme[]): readonly string[] => themes.flatMap(({ names }) => names.split(/\s+/));

let declarations: Declarations;
let main: ReadonlyMap<string, Declaration>;
let testing: ReadonlyMap<string, Declaration>;

beforeAll(() => {
  declarations = declarationsOf("swss");
  main = declarations.of("src/index.ts");
  testing = new Map([...declarations.of("src/testing/index.ts"), ...declarations.of("src/testing/arbitrary.ts")]);
});
afterAll(() => declarations[Symbol.dispose]());

test("every public name of @tandem/swss has one place on its API page", () => {
  expect(namesOf(THEMES).toSorted()).toEqual([...main.keys()].sort());
  expect(namesOf(TESTING).toSorted()).toEqual([...testing.keys()].sort());
});

test("every public name of @tandem/swss says what it is", () => {
  const silent = [...main, ...testing].filter(([, { doc }]) => doc === "").map(([name]) => name);
  expect(silent).toEqual([]);
});

test("packages/swss/API.md is what the declarations say", () => {
  const page = (themes: readonly Theme[], names: ReadonlyMap<string, Declaration>): readonly string[] =>
    themes.map((theme) => section(theme, names));
  const links = [...THEMES, ...TESTING].map(({ heading }) => `- [${heading}](#${anchorOf(heading)})`);
  const sections = [INTRODUCTION, `${links.join("\n")}\n`, ...page(THEMES, main), ...page(TESTING, testing)];
  golden(join(ROOT, "packages/swss/API.md"), sections.join("\n"));
});

function section({ heading, about, names }: Theme, declared: ReadonlyMap<string, Declaration>): string {
  const entries = names.split(/\s+/).map((name) => {
    const { doc = "", code = "" } = declared.get(name) ?? {};
    return `### ${name}\n\n${doc}\n\n\`\`\`ts\n${code}\n\`\`\`\n`;
  });
  return [`## ${heading}\n`, ...(about === undefined ? [] : [`${about}\n`]), ...entries].join("\n");
}

/** As GitHub makes them of headings. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

test("declarations lose what a user cannot reach, and keep their comments", () => {
  const text = `import { type Result } from "@tandem/base";
/** What it is. */
export declare abstract class Reader<T> extends Base {
    #private;
    /** Inner. */
    protected readonly wake: WakeUp;
    readonly name: string;
    /** Takes
     * what waits. */
    pops(batch?: number): Promise<T>;
}
export declare function f(x: 1): 1;
export declare function f(x: 2): 2;
/**
 * Two lines,
 * one text.
 */
export type Op = "SET" | "DEL";
`;
  expect(Object.fromEntries(parseDeclarations(text))).toEqual({
    Reader: {
      doc: "What it is.",
      code: `abstract class Reader<T> extends Base {
    readonly name: string;
    /** Takes
     * what waits. */
    pops(batch?: number): Promise<T>;
}`,
    },
    f: { doc: "", code: "function f(x: 1): 1;\nfunction f(x: 2): 2;" },
    Op: { doc: "Two lines,\none text.", code: `type Op = "SET" | "DEL";` },
  });
});
