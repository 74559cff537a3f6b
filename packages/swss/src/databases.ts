import { allOk, err, ok, type Result } from "@tandem/base";
import type { Database, OpenError, StoreAddress } from "./store.js";

/** One Redis server of a config file. */
export interface RedisInstance {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
  /** Path, or empty when the file gives none: then only TCP is possible. */
  readonly unixSocketPath: string;
  /** File that holds the password of this instance, when the file names one. */
  readonly passwordPath?: string;
}

/** One database of a config file; its instance is looked up when it is opened. */
export interface DatabaseEntry {
  readonly name: string;
  readonly id: number;
  readonly separator: ":" | "|";
  readonly instance: string;
}

/** A decoded `database_config.json`. */
export interface DatabaseConfig {
  readonly instances: ReadonlyMap<string, RedisInstance>;
  readonly databases: ReadonlyMap<string, DatabaseEntry>;
}

/** One line of a decoded `database_global.json`. */
export interface DatabaseInclude {
  /** Relative to the folder of the global file. */
  readonly include: string;
  readonly container: string;
  readonly namespace: string;
}

/** What is wrong in which file; `detail` names the member. */
export interface ConfigError {
  readonly kind: "badConfig";
  readonly path: string;
  readonly detail: string;
}

/** A config file with the pair (container, namespace) that it stands for. */
export interface DatabaseSource {
  readonly path: string;
  readonly container: string;
  readonly namespace: string;
  readonly config: DatabaseConfig;
}

/** A database and the server that holds it. */
export interface DatabaseLocation {
  readonly database: Database;
  readonly instance: RedisInstance;
}

/**
 * The databases that the config files declare. Looked up by name and the exact pair (container, namespace): ids may be
 * shared by databases, and there is no fallback from a container or namespace to the host.
 */
export class Databases {
  readonly sources: readonly DatabaseSource[];

  constructor(sources: readonly DatabaseSource[]) {
    this.sources = sources;
  }

  find(address: StoreAddress): Result<DatabaseLocation, OpenError> {
    const { db, container = "", namespace = "" } = address;
    const source = this.sources.find((s) => s.container === container && s.namespace === namespace);
    const entry = source?.config.databases.get(db);
    if (source === undefined || entry === undefined)
      return err({ kind: "unknownDatabase", address, known: this.known() });
    const instance = source.config.instances.get(entry.instance);
    if (instance === undefined) {
      const known = [...source.config.instances.keys()].join(", ") || "none";
      const detail = `DATABASES.${db}.instance: "${entry.instance}" is not in INSTANCES (${known})`;
      return err({ kind: "badConfig", path: source.path, detail });
    }
    const { name, id, separator } = entry;
    return ok({ database: { name, id, separator, container, namespace }, instance });
  }

  /** Every address, as `NAME`, `NAME@container`, `NAME@container/namespace`. */
  known(): string[] {
    return this.sources.flatMap(({ container, namespace, config }) => {
      const where = namespace === "" ? container : `${container}/${namespace}`;
      return [...config.databases.keys()].map((name) => (where === "" ? name : `${name}@${where}`));
    });
  }

  /** Namespaces of all files, sorted, the host's empty one included. */
  namespaces(): string[] {
    return [...new Set(this.sources.map((source) => source.namespace))].sort();
  }

  containers(): string[] {
    return [...new Set(this.sources.map((source) => source.container))].sort();
  }
}

/** Decodes a `database_config.json`. Unknown members are ignored; absent INSTANCES or DATABASES count as empty. */
export function decodeDatabaseConfig(path: string, text: string): Result<DatabaseConfig, ConfigError> {
  const file = parseObject(path, text);
  if (!file.ok) return file;
  const instances = decodeEach(file.value, "INSTANCES", decodeInstance);
  if (!instances.ok) return instances;
  const databases = decodeEach(file.value, "DATABASES", decodeDatabase);
  if (!databases.ok) return databases;
  return ok({ instances: instances.value, databases: databases.value });
}

/** Whether the text is that of a global file, which names other files. */
export function isGlobalConfig(text: string): boolean {
  const file = parseObject("", text);
  return file.ok && file.value.has("INCLUDES");
}

/** Decodes a `database_global.json`. */
export function decodeGlobalConfig(path: string, text: string): Result<readonly DatabaseInclude[], ConfigError> {
  const file = parseObject(path, text);
  if (!file.ok) return file;
  const list = file.value.get("INCLUDES") ?? [];
  if (!Array.isArray(list)) return err(file.value.wrong("INCLUDES", "an array"));
  return allOk(list.map((item: unknown, i) => decodeInclude(path, `INCLUDES[${i}]`, item)));
}

function decodeInclude(path: string, at: string, item: unknown): Result<DatabaseInclude, ConfigError> {
  const members = Members.of(path, at, item);
  if (!members.ok) return members;
  const include = members.value.string("include");
  if (!include.ok) return include;
  const container = members.value.string("container_name", "");
  if (!container.ok) return container;
  const namespace = members.value.string("namespace", "");
  if (!namespace.ok) return namespace;
  return ok({ include: include.value, container: container.value, namespace: namespace.value });
}

function decodeInstance(name: string, members: Members): Result<RedisInstance, ConfigError> {
  const hostname = members.string("hostname");
  if (!hostname.ok) return hostname;
  const port = members.integer("port", 0, 65_535);
  if (!port.ok) return port;
  const unixSocketPath = members.string("unix_socket_path", "");
  if (!unixSocketPath.ok) return unixSocketPath;
  const passwordPath = members.string("password_path", "");
  if (!passwordPath.ok) return passwordPath;
  return ok({
    name,
    hostname: hostname.value,
    port: port.value,
    unixSocketPath: unixSocketPath.value,
    ...(passwordPath.value !== "" && { passwordPath: passwordPath.value }),
  });
}

function decodeDatabase(name: string, members: Members): Result<DatabaseEntry, ConfigError> {
  const id = members.integer("id", 0, 2 ** 31 - 1);
  if (!id.ok) return id;
  const separator = members.string("separator");
  if (!separator.ok) return separator;
  if (separator.value !== ":" && separator.value !== "|") return err(members.wrong("separator", '":" or "|"'));
  const instance = members.string("instance");
  if (!instance.ok) return instance;
  return ok({ name, id: id.value, separator: separator.value, instance: instance.value });
}

function parseObject(path: string, text: string): Result<Members, ConfigError> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err({ kind: "badConfig", path, detail: `not JSON: ${(error as SyntaxError).message}` });
  }
  return Members.of(path, "", value);
}

function decodeEach<T>(
  file: Members,
  name: string,
  decode: (name: string, members: Members) => Result<T, ConfigError>,
): Result<ReadonlyMap<string, T>, ConfigError> {
  if (!file.has(name)) return ok(new Map());
  const group = file.object(name);
  if (!group.ok) return group;
  const decoded = new Map<string, T>();
  for (const key of group.value.names()) {
    const members = group.value.object(key);
    if (!members.ok) return members;
    const item = decode(key, members.value);
    if (!item.ok) return item;
    decoded.set(key, item.value);
  }
  return ok(decoded);
}

/** The members of one JSON object, read with errors that say where it stands. */
class Members {
  readonly #path: string;
  readonly #at: string;
  readonly #values: ReadonlyMap<string, unknown>;

  private constructor(path: string, at: string, values: ReadonlyMap<string, unknown>) {
    this.#path = path;
    this.#at = at;
    this.#values = values;
  }

  static of(path: string, at: string, value: unknown): Result<Members, ConfigError> {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return ok(new Members(path, at, new Map(Object.entries(value))));
    const where = at === "" ? "" : `${at}: `;
    return err({ kind: "badConfig", path, detail: `${where}must be an object, is ${describe(value)}` });
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  get(name: string): unknown {
    return this.#values.get(name);
  }

  names(): IterableIterator<string> {
    return this.#values.keys();
  }

  object(name: string): Result<Members, ConfigError> {
    return Members.of(this.#path, this.#where(name), this.get(name));
  }

  /** A string; `absent` stands for a member that is not there, without it the member is required. */
  string(name: string, absent?: string): Result<string, ConfigError> {
    const value = this.has(name) ? this.get(name) : absent;
    return typeof value === "string" ? ok(value) : err(this.wrong(name, "a string"));
  }

  integer(name: string, min: number, max: number): Result<number, ConfigError> {
    const value = this.get(name);
    const fits = typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
    return fits ? ok(value) : err(this.wrong(name, `an integer from ${min} to ${max}`));
  }

  wrong(name: string, expected: string): ConfigError {
    const found = this.has(name) ? `is ${describe(this.get(name))}` : "is missing";
    return { kind: "badConfig", path: this.#path, detail: `${this.#where(name)}: must be ${expected}, ${found}` };
  }

  #where(name: string): string {
    return this.#at === "" ? name : `${this.#at}.${name}`;
  }
}

/** A short form of a JSON value for a message. */
function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value) ?? "absent";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
