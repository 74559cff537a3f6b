import { err, type Files, ok, type Result } from "@tandem/base";
import {
  type ConfigError,
  type DatabaseInclude,
  type DatabaseSource,
  Databases,
  decodeDatabaseConfig,
  decodeGlobalConfig,
  isGlobalConfig,
} from "./databases.js";

/** Where SONiC keeps its database files. */
export const DATABASE_CONFIG_PATH = "/var/run/redis/sonic-db/database_config.json";
/** Where SONiC names the database files of its namespaces and DPUs. */
export const DATABASE_GLOBAL_PATH = "/var/run/redis/sonic-db/database_global.json";

/** Which config files are read; none given means the system's own. */
export interface LoadDatabasesOptions {
  /** The host's `database_config.json`, or a global file, which then names the host's file too. */
  readonly config?: string;
  /** `database_global.json`. When neither this nor `config` is given, the system's files are read. */
  readonly global?: string;
  /** Skip included files that do not exist instead of failing. */
  readonly ignoreNonexistent?: boolean;
}

/**
 * Reads the config files: the host's, then what the global file includes. A system without a global file has one
 * namespace; a global file that was named must exist. The host's file is not read again when the global file names it.
 */
export async function loadDatabases(
  files: Files,
  options: LoadDatabasesOptions = {},
): Promise<Result<Databases, ConfigError>> {
  const loader = new Loader(files, options.ignoreNonexistent ?? false);
  const config = options.config ?? (options.global === undefined ? DATABASE_CONFIG_PATH : undefined);
  if (config !== undefined) {
    const loaded = await loader.loadHost(config);
    if (!loaded.ok) return loaded;
  }
  const system = options.config === undefined && options.global === undefined;
  const global = options.global ?? (system ? DATABASE_GLOBAL_PATH : undefined);
  if (global !== undefined) {
    const loaded = await loader.loadGlobal(global, system);
    if (!loaded.ok) return loaded;
  }
  return ok(new Databases(loader.sources));
}

class Loader {
  readonly sources: DatabaseSource[] = [];
  readonly #files: Files;
  readonly #ignoreNonexistent: boolean;

  constructor(files: Files, ignoreNonexistent: boolean) {
    this.#files = files;
    this.#ignoreNonexistent = ignoreNonexistent;
  }

  async loadHost(path: string): Promise<Result<void, ConfigError>> {
    const text = await this.#read(path);
    if (!text.ok) return text;
    if (isGlobalConfig(text.value)) return this.#includes(path, text.value);
    return this.#add(path, { include: path, container: "", namespace: "" }, text.value);
  }

  async loadGlobal(path: string, optional: boolean): Promise<Result<void, ConfigError>> {
    const file = await this.#files.read(path);
    if (!file.ok && file.error.kind === "notFound" && optional) return ok();
    const text = await this.#read(path);
    return text.ok ? this.#includes(path, text.value) : text;
  }

  async #includes(path: string, text: string): Promise<Result<void, ConfigError>> {
    const includes = decodeGlobalConfig(path, text);
    if (!includes.ok) return includes;
    const folder = path.slice(0, path.lastIndexOf("/") + 1);
    for (const [i, include] of includes.value.entries()) {
      if (include.container === "" && include.namespace === "" && this.#has(include)) continue;
      if (this.#has(include)) {
        const { container, namespace } = include;
        const detail = `INCLUDES[${i}]: container "${container}", namespace "${namespace}" was included before`;
        return err({ kind: "badConfig", path, detail });
      }
      const target = folder + include.include;
      const file = await this.#files.read(target);
      if (!file.ok && file.error.kind === "notFound" && this.#ignoreNonexistent) continue;
      const read = await this.#read(target);
      const added = read.ok ? this.#add(target, include, read.value) : read;
      if (!added.ok) return added;
    }
    return ok();
  }

  #has({ container, namespace }: DatabaseInclude): boolean {
    return this.sources.some((source) => source.container === container && source.namespace === namespace);
  }

  #add(path: string, { container, namespace }: DatabaseInclude, text: string): Result<void, ConfigError> {
    const config = decodeDatabaseConfig(path, text);
    if (!config.ok) return config;
    this.sources.push({ path, container, namespace, config: config.value });
    return ok();
  }

  async #read(path: string): Promise<Result<string, ConfigError>> {
    const file = await this.#files.read(path);
    if (file.ok) return file;
    const detail = file.error.kind === "notFound" ? "no such file" : `cannot be read: ${file.error.detail}`;
    return err({ kind: "badConfig", path, detail });
  }
}

/** One line for an operator. */
export function describeConfigError(error: ConfigError): string {
  return `${error.path}: ${error.detail}`;
}
