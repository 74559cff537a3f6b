/** How many elements a list's text has; `undefined` when it is no list. */
export function listCount(text: string): number | undefined {
  if (text.startsWith("{")) {
    const match = /^\{"count":(\d{1,9})/.exec(text);
    return match === null ? undefined : Number(match[1]);
  }
  const match = /^(\d{1,9})(?::|$)/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

export function formatList(items: readonly string[]): string {
  return items.length === 0 ? "0:null" : `${items.length}:${items.join(",")}`;
}

/** The elements of a simple list; none of an empty one, or one that is a count alone. */
export function listItems(text: string): readonly string[] {
  const colon = text.indexOf(":");
  const rest = colon < 0 ? "" : text.slice(colon + 1);
  return rest === "" || rest === "null" ? [] : rest.split(",");
}

/** What stands for a list that is longer than the buffer it was asked into: its count. */
export function countOnly(text: string): string {
  const count = String(listCount(text) ?? 0);
  return text.startsWith("{") ? `{"count":${count},"list":null}` : count;
}
