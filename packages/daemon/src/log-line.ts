import type { LogLevel } from "./log-level.js";

/** Values beside a message. Absent ones are left out. */
export type LogFields = Readonly<Record<string, unknown>>;

export type LineLevel = Exclude<LogLevel, "off">;

/** How an output wants its lines. */
export type LineStyle = "plain" | "journal" | "syslog";

export interface LineOrigin {
  readonly program: string;
  readonly pid: number;
}

/** Longest text of a line; the rest is cut and marked. Syslog daemons cut at 8 KiB anyway. */
const TEXT_MAX = 8000;

/** syslog(3) severities. */
const SEVERITY: Readonly<Record<LineLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7, trace: 7 };

/** syslog(3) facility "daemon", shifted into place. */
const FACILITY_DAEMON = 3 << 3;

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Message and fields in one line without control characters: `peer lost endpoint=10.0.0.1:23606 tries=3`. */
export function formatText(message: string, fields: LogFields = {}): string {
  let text = escapeControls(message);
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) text += ` ${name}=${formatValue(value)}`;
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}… (${text.length - TEXT_MAX} more characters)`;
}

/**
 * One line, with its line feed: `plain` begins with time, program and level, `journal` with the `<severity>` that
 * systemd reads, `syslog` is RFC 3164 as programs write it to /dev/log (no host name).
 */
export function formatLine(style: LineStyle, origin: LineOrigin, level: LineLevel, time: number, text: string): string {
  switch (style) {
    case "plain":
      return `${new Date(time).toISOString()} ${origin.program}[${origin.pid}] ${level}: ${text}\n`;
    case "journal":
      return `<${SEVERITY[level]}>${text}\n`;
    case "syslog":
      return `<${FACILITY_DAEMON | SEVERITY[level]}>${syslogTime(time)} ${origin.program}[${origin.pid}]: ${text}\n`;
  }
}

/** `Jan  2 03:04:05`, local time. RFC 3164 §4.1.2. */
function syslogTime(time: number): string {
  const date = new Date(time);
  const two = (n: number): string => String(n).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clock}`;
}

function formatValue(value: unknown): string {
  if (typeof value === "string") return /^[^\s"=\p{Cc}]+$/u.test(value) ? value : JSON.stringify(value);
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value !== "object" || value === null) return String(value);
  return JSON.stringify(value, (_, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

function escapeControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1));
}
