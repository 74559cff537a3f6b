/** The class of a keyspace event, as letters of `notify-keyspace-events`. */
export type EventClass = "g" | "$" | "l" | "s" | "h" | "x";

const CLASSES = "g$lshzxetd";

/** The setting as Redis gives it back: `A` for all classes, then K and E; `undefined` when a letter is unknown. */
export function normalizeNotifyFlags(flags: string): string | undefined {
  if (/[^AKEg$lshzxetdmn]/.test(flags)) return undefined;
  const has = (letter: string): boolean => flags.includes(letter) || (flags.includes("A") && CLASSES.includes(letter));
  const classes = [...CLASSES].filter(has).join("");
  return (classes === CLASSES ? "A" : classes) + [..."KEmn"].filter(has).join("");
}

/** Which channels an event of `type` goes to under normalized `flags`. */
export function notifyChannels(
  flags: string,
  type: EventClass,
): { readonly keyspace: boolean; readonly keyevent: boolean } {
  const wanted = flags.includes("A") || flags.includes(type);
  return { keyspace: wanted && flags.includes("K"), keyevent: wanted && flags.includes("E") };
}
