import { err, type Millis, millis, ok } from "@tandem/base";
import type { Codec } from "@tandem/swss";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const CLOCK = "(\\d{1,2}):(\\d{2}):(\\d{2}) ([AP]M)";
/** `Mon Jun 10 03:15:42 PM UTC 2024`, C's `%a %b %d %I:%M:%S %p UTC %Y`. */
const PMON = new RegExp(`^(?:[A-Z][a-z]{2} )([A-Z][a-z]{2}) (\\d{1,2}) ${CLOCK} UTC (\\d{4})$`);
/** `Wed 20 Oct 2023 06:52:28 PM UTC`, as the sample of the SmartSwitch PMON document prints it. */
const PMON_SAMPLE = new RegExp(`^(?:[A-Z][a-z]{2} )(\\d{1,2}) ([A-Z][a-z]{2}) (\\d{4}) ${CLOCK} UTC$`);

/**
 * Time as text, whole seconds, UTC. Written in the layout of pmon's chassisd; read in that of its design document too,
 * and in quotes. The weekday is not checked: it says nothing that the date does not.
 */
export const timestampCodec: Codec<Millis> = {
  type: "time, like `Mon Jun 10 03:15:42 PM UTC 2024`",
  sample: { kind: "timestamp" },
  parse: (text) => {
    const bare = text
      .trim()
      .replace(/^["']|["']$/g, "")
      .trim()
      .replace(/ {2,}/g, " ");
    const time = parsePmon(PMON.exec(bare)) ?? parseSample(PMON_SAMPLE.exec(bare));
    return time === undefined ? err("a time like Mon Jun 10 03:15:42 PM UTC 2024") : ok(time);
  },
  format: formatTimestamp,
};

function parsePmon(found: RegExpExecArray | null): Millis | undefined {
  if (found === null) return undefined;
  const [, month, day, hour, minute, second, half, year] = found as unknown as string[];
  return time(year, month, day, hour, minute, second, half);
}

function parseSample(found: RegExpExecArray | null): Millis | undefined {
  if (found === null) return undefined;
  const [, day, month, year, hour, minute, second, half] = found as unknown as string[];
  return time(year, month, day, hour, minute, second, half);
}

function time(...parts: readonly (string | undefined)[]): Millis | undefined {
  const [year, month, day, hour, minute, second, half] = parts as readonly string[];
  const monthIndex = MONTHS.indexOf(month as string);
  const [h, m, s, d] = [Number(hour), Number(minute), Number(second), Number(day)];
  if (monthIndex < 0 || h < 1 || h > 12 || m > 59 || s > 60 || d < 1) return undefined;
  const at = new Date(Date.UTC(Number(year), monthIndex, d, (h % 12) + (half === "PM" ? 12 : 0), m, s));
  return s < 60 && at.getUTCDate() !== d ? undefined : millis(at.getTime());
}

/** Whole seconds: the rest of the second is dropped. */
export function formatTimestamp(at: Millis): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const hour = date.getUTCHours();
  const clock = `${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${two(date.getUTCDate())}`;
  return `${day} ${clock} ${hour < 12 ? "AM" : "PM"} UTC ${String(date.getUTCFullYear()).padStart(4, "0")}`;
}
