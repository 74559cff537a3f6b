import { offsetIn } from "./broadcast-queue.js";
import { nodeName, type Pair } from "./conf-tree.js";

/** What may leave `bq/`, and who keeps the rest there. */
export interface Prunable {
  /** Keys of items that every node has done, lowest numbers first. */
  readonly keys: readonly string[];
  /** Items that stay. */
  readonly kept: number;
  /** The node that has done least; none when nobody is known. */
  readonly slowest: string | undefined;
}

/**
 * Items that all nodes have done. Nodes are those whose hax the catalog lists, and those that ever wrote an offset; one
 * without an offset that can be read has done nothing, so nothing goes.
 */
export function prunable(items: readonly Pair[], offsets: readonly Pair[], catalog: readonly string[]): Prunable {
  const done = new Map<string, number>(catalog.map((node) => [nodeName(node), -1]));
  for (const { key, text } of offsets) {
    const offset = offsetIn(text);
    done.set(nodeName(key.slice("bq-delivered/".length)), offset.ok ? offset.value : -1);
  }
  let slowest: string | undefined;
  for (const [node, offset] of done)
    if (slowest === undefined || offset < (done.get(slowest) as number)) slowest = node;
  const lowest = slowest === undefined ? -1 : (done.get(slowest) as number);
  const numbered = items.flatMap(({ key }) => {
    const digits = /^bq\/(\d{1,15})$/.exec(key)?.[1];
    return digits === undefined ? [] : [{ key, number: Number(digits) }];
  });
  const old = numbered.filter(({ number }) => number <= lowest).sort((a, b) => a.number - b.number);
  return { keys: old.map(({ key }) => key), kept: numbered.length - old.length, slowest };
}
