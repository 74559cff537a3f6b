import type { FieldValues } from "@tandem/swss";
import { isEntryType, mapValueIds, type ObjectKey } from "../object-key.js";
import { defaultOf, isCreateOnly, keyOf, type Node, namedFirst, type View } from "./graph.js";
import { match } from "./match.js";

/** One call of the ASIC on the way from one view to another. Ids are VIDs of either view: none means two objects. */
export type ViewStep =
  | { readonly change: "create"; readonly key: ObjectKey; readonly attributes: FieldValues }
  | { readonly change: "set"; readonly key: ObjectKey; readonly attributes: FieldValues }
  | { readonly change: "remove"; readonly key: ObjectKey };

/** How the ASIC gets from one view to another, and what then stands. */
export interface ViewPlan {
  /** Creations, what names it behind it; then settings; then removals, what is named last. */
  readonly steps: readonly ViewStep[];
  /** Ids of the new view that are objects of the old one: new VID → old VID. */
  readonly bound: readonly (readonly [vid: string, was: string])[];
  /** Rows of the new view: key without the table, and attributes. */
  readonly rows: readonly (readonly [key: ObjectKey, attributes: FieldValues])[];
}

/**
 * The difference of two views. `known` are ids that are the same object in both; `kept` are objects that stay although
 * the new view does not name them: those that the switch came with.
 */
export function planView(old: View, wanted: View, known: ReadonlySet<string>, kept: ReadonlySet<string>): ViewPlan {
  const { pairs, toOld } = match(old, wanted, known, kept);
  const creations: ViewStep[] = [];
  const settings: ViewStep[] = [];
  const rows: [ObjectKey, FieldValues][] = [];
  const partners = new Set(pairs.values());
  const replaced = new Set<Node>();
  const olds = new Map([...old.values()].map((node) => [keyOf(node), node]));
  for (const node of namedFirst(wanted)) {
    const partner = pairs.get(node);
    if (partner === undefined) {
      const inTheWay = entryInTheWay(node, olds, toOld, partners);
      if (inTheWay !== undefined) {
        replaced.add(inTheWay);
        creations.push({ change: "remove", key: inTheWay.key });
      }
      creations.push({ change: "create", key: node.key, attributes: node.attributes });
      rows.push([node.key, node.attributes]);
      continue;
    }
    const { changed, left } = differenceOf(partner, node, (value) => mapValueIds(value, toOld));
    for (const attribute of changed) settings.push({ change: "set", key: node.key, attributes: [attribute] });
    rows.push([node.key, [...node.attributes, ...left]]);
  }
  const removals: ViewStep[] = [];
  for (const node of namedFirst(old)) {
    if (partners.has(node) || replaced.has(node)) continue;
    if (!kept.has(node.key.id)) {
      removals.unshift({ change: "remove", key: node.key });
      continue;
    }
    const { changed, left } = differenceOf(node, { ...node, attributes: [] }, (value) => value);
    for (const attribute of changed) settings.push({ change: "set", key: node.key, attributes: [attribute] });
    rows.push([node.key, left]);
  }
  const bound = [...pairs]
    .filter(([node]) => !isEntryType(node.key.type))
    .map(([node, partner]) => [node.key.id, partner.key.id] as const);
  return { steps: [...creations, ...settings, ...removals], bound, rows };
}

/** An old entry with the same members as a new one that it cannot be turned into. */
function entryInTheWay(
  node: Node,
  olds: ReadonlyMap<string, Node>,
  toOld: Parameters<typeof mapValueIds>[1],
  partners: ReadonlySet<Node>,
): Node | undefined {
  if (!isEntryType(node.key.type)) return undefined;
  const id = mapValueIds(node.key.id, toOld);
  const found = id === undefined ? undefined : olds.get(`${node.key.type}:${id}`);
  return found === undefined || partners.has(found) ? undefined : found;
}

/** What has to be set to make the old object the new one, and what stays since nobody knows what it was before. */
function differenceOf(
  old: Node,
  wanted: Node,
  translate: (value: string) => string | undefined,
): { readonly changed: FieldValues; readonly left: FieldValues } {
  const { type } = old.key;
  const values = new Map(old.attributes);
  const changed: [string, string][] = [];
  const left: [string, string][] = [];
  for (const [name, value] of wanted.attributes) {
    const was = values.get(name) ?? defaultOf(type, name);
    values.delete(name);
    if (was !== translate(value) && !isCreateOnly(type, name)) changed.push([name, value]);
  }
  for (const [name, value] of values) {
    const initial = isCreateOnly(type, name) ? undefined : defaultOf(type, name);
    if (initial === undefined) left.push([name, value]);
    else if (initial !== value) changed.push([name, initial]);
  }
  return { changed, left };
}
