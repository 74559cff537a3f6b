import { type Millis, millis } from "@tandem/base";

interface Item {
  readonly since: Millis;
  readonly text: string;
  told: boolean;
}

/**
 * Things that may go on for a while, but no longer, each by a name of its own. Pure: time comes in with each call. At most
 * one per name, so it is bounded by what is named.
 */
export class Overdue<Name = string> {
  readonly #limit: Millis;
  readonly #from: (name: Name) => Millis | undefined;
  readonly #items = new Map<Name, Item>();

  /** `from`: when the time begins to count for a name at the earliest; undefined: it does not, for now. */
  constructor(limit: Millis, from: (name: Name) => Millis | undefined = () => millis(0)) {
    this.#limit = limit;
    this.#from = from;
  }

  /** It goes on, from now or since the first call. `text` says what is wrong with it in the end. */
  goesOn(name: Name, now: Millis, text: string): void {
    const known = this.#items.get(name);
    this.#items.set(name, { since: known?.since ?? now, text, told: known?.told ?? false });
  }

  ended(name: Name): void {
    this.#items.delete(name);
  }

  /** One of the two above. */
  note(name: Name, now: Millis, text: string | undefined): void {
    if (text === undefined) this.ended(name);
    else this.goesOn(name, now, text);
  }

  clear(): void {
    this.#items.clear();
  }

  due(): Millis | undefined {
    let first: Millis | undefined;
    for (const [name, item] of this.#items) {
      const at = this.#dueOf(name, item);
      if (at !== undefined && (first === undefined || at < first)) first = at;
    }
    return first;
  }

  /** What has gone on for too long; each is told once until it has ended. */
  expire(now: Millis): readonly string[] {
    const texts: string[] = [];
    for (const [name, item] of this.#items) {
      const at = this.#dueOf(name, item);
      if (at === undefined || at > now) continue;
      item.told = true;
      texts.push(item.text);
    }
    return texts;
  }

  #dueOf(name: Name, { since, told }: Item): Millis | undefined {
    const from = told ? undefined : this.#from(name);
    return from === undefined ? undefined : millis(Math.max(since, from) + this.#limit);
  }
}

/** The earlier of two times, either of which may not be. */
export function earliest(a: Millis | undefined, b: Millis | undefined): Millis | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}
