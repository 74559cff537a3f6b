import { encodeText } from "../text.js";

/** A glob pattern of KEYS, SCAN and PSUBSCRIBE, ready to be matched often. */
export type Matcher = (text: string) => boolean;

/** Redis matches bytes: `?` is one byte, and `[a-z]` compares bytes. */
export function globMatcher(pattern: string): Matcher {
  if (pattern === "*") return () => true;
  if (!/[*?[\\]/.test(pattern)) return (text) => text === pattern;
  const prefix = pattern.slice(0, -1);
  if (pattern.endsWith("*") && !/[*?[\\]/.test(prefix)) return (text) => text.startsWith(prefix);
  const bytes = toBytes(pattern);
  return (text) => matches(bytes, 0, toBytes(text), 0);
}

/** One character for each byte. */
function toBytes(text: string): string {
  return encodeText(text).toString("latin1");
}

function matches(pattern: string, from: number, text: string, at: number): boolean {
  let p = from;
  let t = at;
  while (p < pattern.length) {
    if (pattern[p] === "*") {
      while (pattern[p + 1] === "*") p += 1;
      if (p + 1 === pattern.length) return true;
      for (let rest = t; rest <= text.length; rest++) if (matches(pattern, p + 1, text, rest)) return true;
      return false;
    }
    if (t === text.length) return false;
    if (pattern[p] === "[") {
      const group = matchGroup(pattern, p, text.charCodeAt(t));
      if (!group.found) return false;
      p = group.end;
    } else {
      if (pattern[p] === "\\" && p + 1 < pattern.length) p += 1;
      else if (pattern[p] === "?") {
        p += 1;
        t += 1;
        continue;
      }
      if (pattern[p] !== text[t]) return false;
      p += 1;
    }
    t += 1;
  }
  return t === text.length;
}

/** `[abc]`, `[^abc]`, `[a-z]`; `end` is behind the closing bracket, or the pattern's end when there is none. */
function matchGroup(pattern: string, open: number, code: number): { readonly found: boolean; readonly end: number } {
  let p = open + 1;
  const not = pattern[p] === "^";
  if (not) p += 1;
  let found = false;
  while (p < pattern.length && pattern[p] !== "]") {
    if (pattern[p] === "\\" && p + 1 < pattern.length) {
      p += 1;
      if (pattern.charCodeAt(p) === code) found = true;
      p += 1;
    } else if (pattern[p + 1] === "-" && p + 2 < pattern.length) {
      const [a, b] = [pattern.charCodeAt(p), pattern.charCodeAt(p + 2)];
      if (code >= Math.min(a, b) && code <= Math.max(a, b)) found = true;
      p += 3;
    } else {
      if (pattern.charCodeAt(p) === code) found = true;
      p += 1;
    }
  }
  return { found: found !== not, end: Math.min(p + 1, pattern.length) };
}
