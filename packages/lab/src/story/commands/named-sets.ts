import type { HaSetPlace } from "../../topology.js";
import type { StoryWords } from "../story-words.js";

/** HA sets that are named up to the end of the line, or all. */
export function setsOf(words: StoryWords): readonly HaSetPlace[] {
  const named = words.each(() => words.haSet());
  return named.length === 0 ? words.topology.haSets : named;
}
