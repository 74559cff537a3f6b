import { err, ok, type Result } from "@tandem/base";

/** Least to most; `off` silences everything. */
export const LOG_LEVELS = ["off", "error", "warn", "info", "debug", "trace"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Level when nobody says otherwise. */
export const LOG_LEVEL_DEFAULT: LogLevel = "info";

/** The words of CONFIG_DB `LOGGER` rows: syslog(3) priorities. */
const OF_LOGGER_ROW: Readonly<Record<string, LogLevel>> = {
  EMERG: "error",
  ALERT: "error",
  CRIT: "error",
  ERROR: "error",
  WARN: "warn",
  WARNING: "warn",
  NOTICE: "info",
  INFO: "info",
  DEBUG: "debug",
};

/**
 * The level that a CONFIG_DB `LOGGER|<program>` row asks for; without `LOGLEVEL`, or without the row, the default.
 * An unknown word is an error of one line, and the caller keeps the level it has.
 */
export function levelFromLoggerRow(fields: Readonly<Record<string, string>> | undefined): Result<LogLevel, string> {
  const word = fields?.["LOGLEVEL"];
  if (word === undefined) return ok(LOG_LEVEL_DEFAULT);
  const level = OF_LOGGER_ROW[word.trim().toUpperCase()];
  if (level !== undefined) return ok(level);
  return err(
    `LOGLEVEL is ${JSON.stringify(word)}: expected one of ${Object.keys(OF_LOGGER_ROW).join(", ")}; the level stays`,
  );
}

/**
 * The level that the environment fixes: `RUST_LOG`, else `<PROGRAM>_LOG_LEVEL`. Both may be a filter like
 * `warn,swbusd=debug`; of its parts, one for `program` wins over one without a name, and others are ignored.
 */
export function levelFromEnvironment(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
): LogLevel | undefined {
  const name = program.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_");
  for (const filter of [env["RUST_LOG"], env[`${name}_LOG_LEVEL`]]) {
    const level = filter === undefined ? undefined : levelOfFilter(program, filter);
    if (level !== undefined) return level;
  }
  return undefined;
}

function levelOfFilter(program: string, filter: string): LogLevel | undefined {
  let general: LogLevel | undefined;
  for (const part of filter.split(",")) {
    const [left, right] = part.split("=", 2).map((word) => word.trim().toLowerCase());
    const level = levelOfWord(right ?? left ?? "");
    if (level === undefined) continue;
    if (right === undefined) general = level;
    else if (left === program) return level;
  }
  return general;
}

function levelOfWord(word: string): LogLevel | undefined {
  const name = word === "warning" ? "warn" : word;
  return LOG_LEVELS.find((level) => level === name);
}
