import { type Json, jsonEqual } from "@tandem/base";
import type { ServicePath } from "@tandem/swbus/edge";
import type { Tell } from "./define-actor.js";
import { isObject } from "./envelope.js";
import type { Post } from "./wants.js";

/** Member that marks the last words of a teller; receivers that do not know it ignore it. */
const FAREWELL_MEMBER = "tandem_farewell";

interface Told {
  readonly tell: Tell;
  readonly data: Json;
}

/** State that one actor tells to others that never registered for it. */
export class Tellings {
  readonly #actorId: string;
  readonly #pathOf: (type: string, id: string) => ServicePath;
  readonly #post: Post;
  readonly #told = new Map<string, Told>();
  #pending: (() => void)[] = [];

  constructor(actorId: string, pathOf: (type: string, id: string) => ServicePath, post: Post) {
    this.#actorId = actorId;
    this.#pathOf = pathOf;
    this.#post = post;
  }

  /** Takes over a new list. Returns a line per difference; `release` sends it. */
  update(tells: readonly Tell[]): readonly string[] {
    const lines: string[] = [];
    const names = new Set<string>();
    for (const tell of tells) {
      const name = `${tell.port.key}|${tell.to.type}/${tell.to.id}`;
      names.add(name);
      const data: Json = tell.port.encode(tell.state);
      const known = this.#told.get(name);
      this.#told.set(name, { tell, data });
      if (known !== undefined && jsonEqual(known.data, data)) continue;
      this.#pending.push(() => this.#send(tell, data, "message"));
      lines.push(`tell ${tell.to.type}/${tell.to.id} ${tell.port.key}`);
    }
    for (const [name, { tell }] of this.#told) {
      if (names.has(name)) continue;
      this.#told.delete(name);
      if (tell.farewell === undefined) continue;
      const data: Json = tell.port.encode(tell.farewell);
      this.#pending.push(() => this.#send(tell, asFarewell(data), "goodbye"));
      lines.push(`farewell ${tell.to.type}/${tell.to.id} ${tell.port.key}`);
    }
    return lines;
  }

  /** What is told now, by name. */
  get told(): readonly (readonly [name: string, data: Json])[] {
    return [...this.#told].map(([name, { data }]) => [name, data] as const);
  }

  release(): void {
    for (const send of this.#pending.splice(0)) send();
  }

  /** Tells again what an actor that has just appeared cannot know. */
  renew(type: string, id: string): void {
    if (this.#told.size === 0) return;
    for (const { tell, data } of this.#told.values()) {
      if (tell.to.type === type && tell.to.id === id) this.#send(tell, data, "message");
    }
  }

  #send(tell: Tell, data: Json, purpose: "message" | "goodbye"): void {
    const destination = this.#pathOf(tell.to.type, tell.to.id);
    this.#post({ destination, key: `${tell.port.key}|${this.#actorId}`, data, purpose });
  }
}

function asFarewell(data: Json): Json {
  return isObject(data) ? { ...data, [FAREWELL_MEMBER]: true } : data;
}

/** Whether a message is a teller's last. */
export function isFarewell(data: Json): boolean {
  return isObject(data) && data[FAREWELL_MEMBER] === true;
}
