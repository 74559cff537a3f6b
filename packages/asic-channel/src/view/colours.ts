import type { ObjectId } from "../object-id.js";
import { isEntryType, mapValueIds } from "../object-key.js";
import type { Node, View } from "./graph.js";

/** Rounds in which colours spread along references: as far apart may two objects be that tell each other's likeness. */
const ROUNDS_MAX = 8;

/** Of each object of both views the class of those that look alike: same attributes, same neighbours, theirs too. */
export type Colours = ReadonlyMap<Node, number>;

/**
 * Colours the objects of two views at once, so that a colour means the same in both. `fixed` are ids that name the same
 * object in both views; whatever is set on it, it keeps its colour.
 */
export function colour(views: readonly View[], fixed: ReadonlySet<string>): Colours {
  const sides = views.map((view) => {
    const nodes = [...view.values()];
    const byId = new Map(nodes.filter(({ key }) => !isEntryType(key.type)).map((node) => [node.key.id, node]));
    return { nodes, byId };
  });
  let colours = new Map<Node, number>();
  let classes = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const words = new Map<string, number>();
    const next = new Map<Node, number>();
    const intern = (word: string): number => {
      const known = words.get(word);
      if (known !== undefined) return known;
      words.set(word, words.size);
      return words.size - 1;
    };
    for (const { nodes, byId } of sides) {
      const paint = (id: ObjectId): ObjectId => {
        if (fixed.has(id)) return id;
        const node = byId.get(id);
        return `oid:0xc${node === undefined ? "" : (colours.get(node) ?? "")}` as ObjectId;
      };
      const named = namers(nodes, byId, colours);
      for (const node of nodes) {
        const { key, attributes } = node;
        const isFixed = !isEntryType(key.type) && fixed.has(key.id);
        const word = isFixed
          ? key.id
          : JSON.stringify([
              key.type,
              isEntryType(key.type) ? mapValueIds(key.id, paint) : "",
              attributes.map(([name, value]) => [name, mapValueIds(value, paint)]),
              (named.get(node) ?? []).sort((a, b) => a - b),
            ]);
        next.set(node, intern(word));
      }
    }
    colours = next;
    if (words.size === classes) break;
    classes = words.size;
  }
  return colours;
}

/** Colours of those that name each object. */
function namers(
  nodes: readonly Node[],
  byId: ReadonlyMap<string, Node>,
  colours: ReadonlyMap<Node, number>,
): ReadonlyMap<Node, number[]> {
  const found = new Map<Node, number[]>();
  for (const node of nodes) {
    for (const id of node.names) {
      const target = byId.get(id);
      if (target === undefined) continue;
      const list = found.get(target);
      if (list === undefined) found.set(target, [colours.get(node) ?? 0]);
      else list.push(colours.get(node) ?? 0);
    }
  }
  return found;
}
