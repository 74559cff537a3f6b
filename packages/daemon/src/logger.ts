import type { Clock } from "@tandem/base";
import { pino } from "pino";
import { LOG_LEVEL_DEFAULT, type LogLevel, levelFromEnvironment } from "./log-level.js";
import { formatLine, formatText, type LineLevel, type LogFields } from "./log-line.js";
import type { LogOutput } from "./log-output.js";
import { RepeatLimiter } from "./repeat-limiter.js";

/** What code logs to. A message is one fixed sentence; what varies goes into the fields. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

/** The daemon's own logger: also knows its level and its end. */
export interface DaemonLogger extends Logger {
  readonly level: LogLevel;
  /** Takes effect at once. False, and nothing happens, when the environment has fixed the level. */
  setLevel(level: LogLevel): boolean;
  /** Resolves when everything logged so far is written or counted as lost. */
  flush(): Promise<void>;
  /** Writes out what waits, and stops timers. */
  close(): Promise<void>;
}

export interface LoggerOptions {
  readonly clock: Clock;
  readonly output: LogOutput;
  /** Read for `RUST_LOG` and `<PROGRAM>_LOG_LEVEL`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Level when the environment does not fix one. */
  readonly level?: LogLevel;
}

/** A line of pino's, before it becomes text. */
interface Entry {
  readonly level: LineLevel;
  readonly time: number;
  readonly msg: string;
  readonly fields?: LogFields;
}

/** One line per event for people. Equal warnings and errors within 10 s are counted, not repeated. */
export function createLogger(options: LoggerOptions): DaemonLogger {
  const { clock, output } = options;
  const pinned = levelFromEnvironment(output.origin.program, options.env ?? {});
  const limiter = new RepeatLimiter(clock);
  const print = (level: LineLevel, time: number, text: string): void =>
    output.write(formatLine(output.style, output.origin, level, time, text));

  const root = pino(
    {
      base: null,
      level: pinoLevel(pinned ?? options.level ?? LOG_LEVEL_DEFAULT),
      formatters: { level: (level) => ({ level }) },
      nestedKey: "fields",
      timestamp: () => `,"time":${clock.now()}`,
    },
    {
      write(json: string): void {
        const { level, time, msg, fields } = JSON.parse(json) as Entry;
        const text = formatText(msg, fields);
        if (level === "warn" || level === "error") {
          const summarize = (repeats: number, window: number): void =>
            print(level, clock.now(), `${text} (${repeats} times more in ${window / 1000} s)`);
          if (!limiter.admit(`${level} ${text}`, summarize)) return;
        }
        print(level, time, text);
      },
    },
  );

  const wrap = (bound: LogFields): Logger => {
    const log =
      (level: LineLevel) =>
      (message: string, fields?: LogFields): void => {
        if (root.isLevelEnabled(level)) root[level](plain({ ...bound, ...fields }), message);
      };
    return {
      error: log("error"),
      warn: log("warn"),
      info: log("info"),
      debug: log("debug"),
      trace: log("trace"),
      child: (fields) => wrap({ ...bound, ...fields }),
    };
  };

  return {
    ...wrap({}),
    get level() {
      return root.level === "silent" ? "off" : (root.level as LogLevel);
    },
    setLevel(level) {
      if (pinned !== undefined) return false;
      root.level = pinoLevel(level);
      return true;
    },
    flush: () => output.flush(),
    async close() {
      limiter.stop();
      await output.flush();
    },
  };
}

function pinoLevel(level: LogLevel): string {
  return level === "off" ? "silent" : level;
}

/** Values that JSON cannot hold, as it can. */
function plain(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error ? value.message : typeof value === "bigint" ? String(value) : value,
    ]),
  );
}
