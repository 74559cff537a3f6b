import type { ObjectId } from "../object-id.js";
import { idsInKey, idsInValue } from "../object-key.js";

/** One object of the virtual ASIC. */
export interface Stored {
  readonly type: string;
  readonly id: string;
  /** Given at creation, or set since. */
  readonly given: Map<string, string>;
  /** What the switch says of it. */
  readonly own: Map<string, string>;
  readonly internal: boolean;
  /** The port that it goes with. */
  readonly owner: string | undefined;
  readonly stats: Map<string, bigint>;
}

/** The objects, and who names whom: an object that others name cannot go. */
export class Objects {
  readonly #byKey = new Map<string, Stored>();
  readonly #byType = new Map<string, Set<Stored>>();
  readonly #byId = new Map<string, Stored>();
  readonly #uses = new Map<string, number>();

  get size(): number {
    return this.#byKey.size;
  }

  get(type: string, id: string): Stored | undefined {
    return this.#byKey.get(`${type}:${id}`);
  }

  /** Of objects that have a RID. */
  withId(id: string): Stored | undefined {
    return this.#byId.get(id);
  }

  ofType(type: string): Iterable<Stored> {
    return this.#byType.get(type) ?? [];
  }

  all(): Iterable<Stored> {
    return this.#byKey.values();
  }

  /** How often others name it. */
  uses(id: string): number {
    return this.#uses.get(id) ?? 0;
  }

  add(object: Stored): void {
    this.#byKey.set(`${object.type}:${object.id}`, object);
    const peers = this.#byType.get(object.type);
    if (peers === undefined) this.#byType.set(object.type, new Set([object]));
    else peers.add(object);
    if (!object.id.startsWith("{")) this.#byId.set(object.id, object);
    this.#count(object, 1);
  }

  delete(object: Stored): void {
    this.#byKey.delete(`${object.type}:${object.id}`);
    this.#byType.get(object.type)?.delete(object);
    this.#byId.delete(object.id);
    this.#count(object, -1);
  }

  give(object: Stored, name: string, value: string): void {
    this.#countIds(idsInValue(object.given.get(name) ?? ""), -1);
    object.given.set(name, value);
    this.#countIds(idsInValue(value), 1);
  }

  clear(): void {
    for (const map of [this.#byKey, this.#byType, this.#byId, this.#uses]) map.clear();
  }

  #count(object: Stored, by: number): void {
    const { switch_id: own } = object.id.startsWith("{") ? JSON.parse(object.id) : { switch_id: "" };
    this.#countIds(
      idsInKey(object).filter((id) => id !== own),
      by,
    );
    for (const value of object.given.values()) this.#countIds(idsInValue(value), by);
  }

  #countIds(ids: readonly ObjectId[], by: number): void {
    for (const id of ids) {
      const uses = this.uses(id) + by;
      if (uses === 0) this.#uses.delete(id);
      else this.#uses.set(id, uses);
    }
  }
}
