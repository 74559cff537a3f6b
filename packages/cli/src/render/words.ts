/** What is shown for a field that is missing. */
export const NOT_AVAILABLE = "N/A";

/** A field as found; missing or empty text is `N/A`. */
export function shown(text: string | undefined): string {
  return text === undefined || text === "" ? NOT_AVAILABLE : text;
}

/** An HA state in the HLD's spelling: `HA_STATE_INITIALIZING_TO_STANDBY` and `initializing_to_standby` alike. */
export function stateName(text: string | undefined): string {
  if (text === undefined || text === "") return NOT_AVAILABLE;
  return text
    .replace(/^HA_STATE_/i, "")
    .split("_")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase())
    .join("");
}

/** A moment since the epoch, as decimal text, to `YYYY-MM-DD HH:MM:SS` in UTC. Zero and malformed text are `N/A`. */
export function stamp(text: string | undefined): string {
  const at = epochMillis(text);
  return at === undefined ? NOT_AVAILABLE : new Date(at).toISOString().slice(0, 19).replace("T", " ");
}

/** Below this a moment can only be in seconds: DPUs write some of their times so. */
const MILLIS_MIN = 100_000_000_000;

/** A moment in milliseconds; `undefined` for zero, for what is no number, and for what no date can hold. */
export function epochMillis(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  const at = Number(text);
  if (at === 0) return undefined;
  return at < MILLIS_MIN ? at * 1000 : at;
}

/** Time since `then` in one unit that a person would choose: `7s`, `3m`, `5h`, `12d`. */
export function age(then: number | undefined, now: number): string {
  if (then === undefined) return NOT_AVAILABLE;
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Items of a list field: comma-separated, brackets, quotes and blanks around items removed, empty ones left out. */
export function listItems(text: string | undefined): readonly string[] {
  return (text ?? "")
    .replace(/^\[|\]$/g, "")
    .split(",")
    .map((item) => item.trim().replace(/^["']|["']$/g, ""))
    .filter((item) => item !== "");
}
