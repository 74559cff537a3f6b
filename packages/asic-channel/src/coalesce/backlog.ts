import { isEntryType } from "../object-key.js";
import { type AsicRequest, splitKey } from "../request.js";

const SWITCH = "SAI_OBJECT_TYPE_SWITCH";

/**
 * Whether a request says how something shall be, so that a later one for the same key may stand for it: a set, and
 * create and remove of an entry, which is named by its members. Never: create and remove of what has an object id (that
 * comes and goes once, and others name it), what the switch is set to (some of that are commands), bulks, counters,
 * and whatever is answered.
 */
export function isState({ op, key }: AsicRequest): boolean {
  const [type] = splitKey(key);
  if (op === "set") return type !== SWITCH;
  return (op === "create" || op === "remove") && isEntryType(type);
}

/**
 * The changes of one key that wait, with another one behind them. Each that stays gets the status that it would have had
 * among all of them, where the values of sets are such as can be set:
 * - of two sets of one attribute the later stays, unless the object came or went in between;
 * - before a remove no set matters;
 * - behind a remove the key is absent, so what ends with another remove was nothing.
 */
export function coalesced(waiting: readonly AsicRequest[], request: AsicRequest): AsicRequest[] {
  if (request.op === "create") return [...waiting, request];
  if (request.op === "remove") {
    const removed = waiting.findIndex(({ op }) => op === "remove");
    if (removed >= 0) return waiting.slice(0, removed + 1);
    return [...waiting.filter(({ op }) => op !== "set"), request];
  }
  const since = waiting.findLastIndex(({ op }) => op !== "set");
  const name = request.fields[0]?.[0];
  return [...waiting.filter((each, at) => at <= since || each.fields[0]?.[0] !== name), request];
}

/** What waits together: state, of which the order between keys does not matter, or one request that all else waits for. */
type Section<T> =
  | { readonly kind: "state"; readonly keys: Map<string, AsicRequest[]> }
  | { readonly kind: "one"; readonly request: AsicRequest; readonly item: T };

/** Something to send. `item` is what it was added with; state has none. */
export interface Due<T> {
  readonly request: AsicRequest;
  readonly item: T | undefined;
}

/**
 * Requests that wait, with state coalesced: between two other requests it has one key once, however often that changes.
 * What is no state goes alone: behind all before it, and before all behind it.
 */
export class Backlog<T> {
  #sections: Section<T>[] = [];
  /** Keys of state that is on its way. */
  readonly #busy = new Set<string>();
  #alone = false;
  #size = 0;

  /** Requests that wait or are on their way. */
  get size(): number {
    return this.#size + this.#busy.size + (this.#alone ? 1 : 0);
  }

  /** False when that would make more than `limit` of them: what a later one stands for always fits. */
  addState(request: AsicRequest, limit: number): boolean {
    const last = this.#sections.at(-1);
    const keys = last?.kind === "state" ? last.keys : new Map<string, AsicRequest[]>();
    const before = keys.get(request.key) ?? [];
    const after = coalesced(before, request);
    if (after.length > before.length && this.size >= limit) return false;
    if (last?.kind !== "state") this.#sections.push({ kind: "state", keys });
    this.#replace(keys, request.key, before, after);
    return true;
  }

  addOne(request: AsicRequest, item: T): void {
    this.#sections.push({ kind: "one", request, item });
    this.#size += 1;
  }

  /** What may be sent now, at most `max`; it is on its way until `done` or `again`. */
  take(max: number): readonly Due<T>[] {
    const due: Due<T>[] = [];
    while (due.length < max && !this.#alone) {
      const [first] = this.#sections;
      if (first === undefined) break;
      if (first.kind === "one") {
        if (this.#busy.size > 0) break;
        this.#sections.shift();
        this.#size -= 1;
        this.#alone = true;
        return [...due, { request: first.request, item: first.item }];
      }
      for (const [key, waiting] of first.keys) {
        if (due.length >= max) break;
        const [request, ...rest] = waiting;
        if (request === undefined || this.#busy.has(key)) continue;
        this.#replace(first.keys, key, waiting, rest);
        this.#busy.add(key);
        due.push({ request, item: undefined });
      }
      // What comes back of it must still find its place before the next section.
      if (first.keys.size > 0 || this.#busy.size > 0) break;
      this.#sections.shift();
    }
    return due;
  }

  done({ request, item }: Due<T>): void {
    if (item !== undefined) this.#alone = false;
    else this.#busy.delete(request.key);
    const [first] = this.#sections;
    if (first?.kind === "state" && first.keys.size === 0 && this.#busy.size === 0) this.#sections.shift();
  }

  /** It was not executed, or nobody knows: it goes before what waits. */
  again({ request, item }: Due<T>): void {
    if (item !== undefined) {
      this.#alone = false;
      this.#sections.unshift({ kind: "one", request, item });
      this.#size += 1;
      return;
    }
    this.#busy.delete(request.key);
    const [first] = this.#sections;
    const keys = first?.kind === "state" ? first.keys : new Map<string, AsicRequest[]>();
    if (first?.kind !== "state") this.#sections.unshift({ kind: "state", keys });
    const before = keys.get(request.key) ?? [];
    this.#replace(
      keys,
      request.key,
      before,
      before.reduce<AsicRequest[]>((waiting, each) => coalesced(waiting, each), [request]),
    );
  }

  #replace(
    keys: Map<string, AsicRequest[]>,
    key: string,
    before: readonly AsicRequest[],
    after: readonly AsicRequest[],
  ): void {
    this.#size += after.length - before.length;
    if (after.length === 0) keys.delete(key);
    else keys.set(key, [...after]);
  }
}
