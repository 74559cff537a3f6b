import type { ObjectId } from "../object-id.js";
import { isEntryType, mapValueIds } from "../object-key.js";
import { colour } from "./colours.js";
import { defaultOf, isCreateOnly, keyOf, type Node, namedFirst, type View } from "./graph.js";

/** Objects of the same kind that are compared with one new one, when none looks just like it. */
const CANDIDATES_MAX = 1000;

/** Which object of the old view each object of the new one is. */
export interface Matching {
  readonly pairs: ReadonlyMap<Node, Node>;
  /** An id of the new view in the words of the old one; `undefined` for what is new. */
  readonly toOld: (id: ObjectId) => ObjectId | undefined;
}

/**
 * Pairs the objects of two views: those with the same id, then those that look alike down to their neighbours, then
 * those that can be made alike by setting attributes. What the pair names must be paired too. `known` are ids that mean
 * the same object in both views; `kept` of them those that the switch came with.
 */
export function match(old: View, wanted: View, known: ReadonlySet<string>, kept: ReadonlySet<string>): Matching {
  const fixed = new Set(
    [...wanted.values()].flatMap(({ key, names }) => [key.id, ...names]).filter((id) => known.has(id)),
  );
  const pairs = new Map<Node, Node>();
  // What the switch came with is only ever itself: none of it becomes an object that somebody creates, and may remove.
  const taken = new Set([...old.values()].filter(({ key }) => kept.has(key.id)));
  const ids = new Map<string, ObjectId>();
  const toOld = (id: ObjectId): ObjectId | undefined => ids.get(id) ?? (fixed.has(id) ? id : undefined);
  const pair = (node: Node, partner: Node): void => {
    pairs.set(node, partner);
    taken.add(partner);
    if (!isEntryType(node.key.type)) ids.set(node.key.id, partner.key.id as ObjectId);
  };
  for (const node of wanted.values()) {
    const same = isEntryType(node.key.type) ? undefined : old.get(keyOf(node));
    if (same !== undefined) pair(node, same);
  }
  const colours = colour([old, wanted], fixed);
  const ordered = namedFirst(wanted).filter((node) => !pairs.has(node));
  const alike = groupBy([...old.values()], (node) => String(colours.get(node)));
  for (const node of ordered) {
    const likeness = likenessOf(node, toOld);
    const partner = (alike.get(String(colours.get(node))) ?? []).find(
      (candidate) =>
        !taken.has(candidate) && candidate.key.type === node.key.type && likeness === likenessOf(candidate, same),
    );
    if (partner !== undefined) pair(node, partner);
  }
  const makable = groupBy(
    [...old.values()].filter((node) => !taken.has(node)),
    (node) => makingOf(node, same) ?? "",
  );
  for (const node of ordered) {
    if (pairs.has(node)) continue;
    const making = makingOf(node, toOld);
    if (making === undefined) continue;
    const free = (makable.get(making) ?? []).filter((candidate) => !taken.has(candidate)).slice(0, CANDIDATES_MAX);
    const [best] = free
      .map((candidate) => ({ candidate, cost: costOf(candidate, node, toOld) }))
      .sort((a, b) => a.cost - b.cost);
    if (best !== undefined) pair(node, best.candidate);
  }
  return { pairs, toOld };
}

const same = (id: ObjectId): ObjectId => id;

type Translate = (id: ObjectId) => ObjectId | undefined;

/** Type, entry members and attributes in the words of the old view; what is new there is marked. */
function likenessOf(node: Node, translate: Translate): string {
  const values = node.attributes.map(([name, value]) => [name, mapValueIds(value, translate) ?? `new:${value}`]);
  return JSON.stringify([entryOf(node, translate) ?? "new", values]);
}

/** What cannot be changed once it is created; `undefined` when it names something new. */
function makingOf(node: Node, translate: Translate): string | undefined {
  const entry = entryOf(node, translate);
  if (entry === undefined) return undefined;
  const values: string[][] = [];
  for (const [name, value] of node.attributes) {
    if (!isCreateOnly(node.key.type, name) || value === defaultOf(node.key.type, name)) continue;
    const mapped = mapValueIds(value, translate);
    if (mapped === undefined) return undefined;
    values.push([name, mapped]);
  }
  return JSON.stringify([node.key.type, entry, values]);
}

function entryOf(node: Node, translate: Translate): string | undefined {
  return isEntryType(node.key.type) ? mapValueIds(node.key.id, translate) : "";
}

/** Attributes that would have to be set to make the old object the new one. */
function costOf(old: Node, wanted: Node, translate: Translate): number {
  const values = new Map(old.attributes);
  let cost = 0;
  for (const [name, value] of wanted.attributes) {
    if (values.get(name) !== mapValueIds(value, translate)) cost += 1;
    values.delete(name);
  }
  return cost + values.size;
}

function groupBy(nodes: readonly Node[], nameOf: (node: Node) => string): ReadonlyMap<string, Node[]> {
  const groups = new Map<string, Node[]>();
  for (const node of nodes) {
    const name = nameOf(node);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [node]);
    else group.push(node);
  }
  return groups;
}
