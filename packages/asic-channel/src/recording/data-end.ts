/**
 * Where the data of a notification ends: at the bar behind its JSON text, whose strings may hold bars; at the first bar
 * when it is no JSON object or list.
 */
export function dataEnd(text: string): number {
  const bar = text.indexOf("|");
  const first = bar < 0 ? text.length : bar;
  if (!text.startsWith("[") && !text.startsWith("{")) return first;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const letter = text[i];
    if (quoted) {
      if (letter === "\\") i += 1;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === "[" || letter === "{") depth += 1;
    else if (letter === "]" || letter === "}") {
      depth -= 1;
      if (depth === 0) return i + 1 === text.length || text[i + 1] === "|" ? i + 1 : first;
    }
  }
  return first;
}
