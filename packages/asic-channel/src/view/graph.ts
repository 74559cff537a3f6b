import type { FieldValues } from "@tandem/swss";
import { formatKey, idsInKey, idsInValue, isEntryType, type ObjectKey } from "../object-key.js";
import { splitKey } from "../request.js";
import { attributeOf } from "../sai/catalogue.js";

/** One object of a view. */
export interface Node {
  readonly key: ObjectKey;
  /** Sorted by name, without `NULL`. */
  readonly attributes: FieldValues;
  /** Ids that its key or its attributes name. */
  readonly names: readonly string[];
}

/** The objects of one view, by `TYPE:id`. */
export type View = ReadonlyMap<string, Node>;

/** A view from its rows: keys without the table, attributes as they stand there. */
export function viewOf(rows: Iterable<readonly [key: string, attributes: FieldValues]>): View {
  const nodes = [...rows].map(([text, fields]): readonly [string, Node] => {
    const [type, id] = splitKey(text);
    return [text, nodeOf({ type, id }, fields)];
  });
  return new Map(nodes.sort(([a], [b]) => compareText(a, b)));
}

export function nodeOf(key: ObjectKey, fields: FieldValues): Node {
  const attributes = fields.filter(([name]) => name !== "NULL").toSorted(([a], [b]) => compareText(a, b));
  const names = new Set<string>([...idsInKey(key), ...attributes.flatMap(([, value]) => idsInValue(value))]);
  return { key, attributes, names: [...names] };
}

/** Objects in an order in which each comes behind those that it names; a circle is entered where it is met first. */
export function namedFirst(view: View): readonly Node[] {
  const byId = new Map<string, Node>();
  for (const node of view.values()) if (!isEntryType(node.key.type)) byId.set(node.key.id, node);
  const ordered: Node[] = [];
  const seen = new Set<Node>();
  for (const start of view.values()) {
    const stack: { readonly node: Node; next: number }[] = [];
    const enter = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      stack.push({ node, next: 0 });
    };
    enter(start);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const named = top.node.names[top.next];
      top.next += 1;
      if (named === undefined) {
        stack.pop();
        ordered.push(top.node);
      } else {
        const target = byId.get(named);
        if (target !== undefined) enter(target);
      }
    }
  }
  return ordered;
}

export function isCreateOnly(type: string, name: string): boolean {
  const attribute = attributeOf(type, name);
  return attribute === undefined || attribute.access !== "createSet";
}

/** What an attribute goes back to where nobody sets it; `undefined`: that is not known. */
export function defaultOf(type: string, name: string): string | undefined {
  return attributeOf(type, name)?.value;
}

export function keyOf(node: Node): string {
  return formatKey(node.key);
}

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
