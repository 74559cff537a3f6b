import type { ServicePath } from "@tandem/swbus/edge";
import type { AnyStatePort, Want } from "./define-actor.js";
import type { Dispatch } from "./outbox-core.js";

export type Post = (dispatch: Omit<Dispatch, "source">) => void;

interface Wanted {
  readonly want: Want;
  /** `undefined` until the provider has published something that its port takes. */
  state: unknown;
}

/** Whose state one actor wants, what it has of them, and the registrations that follow. */
export class Wants {
  readonly #wanted = new Map<string, Wanted>();
  /** Message keys, up to the bar, under which wanted states have ever come. */
  readonly #updates = new Set<string>();
  readonly #actorId: string;
  readonly #pathOf: (type: string, id: string) => ServicePath;
  readonly #post: Post;
  /** Registrations and deregistrations that a step decided on and its commit releases. */
  #pending: (() => void)[] = [];

  constructor(actorId: string, pathOf: (type: string, id: string) => ServicePath, post: Post) {
    this.#actorId = actorId;
    this.#pathOf = pathOf;
    this.#post = post;
  }

  /** Takes over a new list. Returns a line per difference; `release` sends it. */
  update(wants: readonly Want[]): readonly string[] {
    const lines: string[] = [];
    const names = new Set<string>();
    for (const want of wants) {
      const name = nameOf(want.port, want.id);
      names.add(name);
      if (this.#wanted.has(name)) continue;
      this.#updates.add(want.port.update);
      this.#wanted.set(name, { want, state: undefined });
      this.#pending.push(() => this.#register(want));
      lines.push(`register ${want.port.provider}/${want.id}`);
    }
    for (const [name, { want }] of this.#wanted) {
      if (names.has(name)) continue;
      this.#wanted.delete(name);
      this.#pending.push(() => this.#deregister(want));
      lines.push(`deregister ${want.port.provider}/${want.id}`);
    }
    return lines;
  }

  /** `<provider>/<id>` of each. */
  get names(): readonly string[] {
    return [...this.#wanted.values()].map(({ want }) => `${want.port.provider}/${want.id}`);
  }

  /** Each, and whether its provider has said anything yet. */
  list(): readonly { readonly name: string; readonly known: boolean }[] {
    return [...this.#wanted.values()].map(({ want, state }) => ({
      name: `${want.port.provider}/${want.id}`,
      known: state !== undefined,
    }));
  }

  release(): void {
    for (const send of this.#pending.splice(0)) send();
  }

  /** The wanted provider whose state arrives under a message key. */
  portOf(key: string): { readonly port: AnyStatePort; readonly id: string } | undefined {
    const want = this.#wanted.get(key)?.want;
    return want && { port: want.port, id: want.id };
  }

  /** Whether the key is that of a state which was wanted once: it may still be under way. */
  wasWanted(key: string): boolean {
    return this.#updates.has(key.slice(0, Math.max(0, key.indexOf("|"))));
  }

  /** False when it is not wanted any more. */
  set(port: AnyStatePort, id: string, state: unknown): boolean {
    const wanted = this.#wanted.get(nameOf(port, id));
    if (wanted === undefined) return false;
    wanted.state = state;
    return true;
  }

  get(port: AnyStatePort, id: string): unknown {
    return this.#wanted.get(nameOf(port, id))?.state;
  }

  /**
   * Registers again with everybody, after a crash or for a new incarnation. What they said last still holds until they
   * answer: forgetting it would take back what stands because of it.
   */
  renewAll(): void {
    for (const { want } of this.#wanted.values()) this.#pending.push(() => this.#register(want));
  }

  /** Registers again with an actor that has just appeared. */
  renew(type: string, id: string): void {
    if (this.#wanted.size === 0) return;
    for (const { want } of this.#wanted.values()) {
      if (want.id === id && want.port.provider === type) this.#register(want);
    }
  }

  #register({ port, id }: Want): void {
    if (!this.#wanted.has(nameOf(port, id))) return;
    this.#send(port, id, true);
  }

  #deregister({ port, id }: Want): void {
    if (this.#wanted.has(nameOf(port, id))) return;
    this.#send(port, id, false);
  }

  #send(port: AnyStatePort, id: string, active: boolean): void {
    this.#post({
      destination: this.#pathOf(port.provider, id),
      key: `${port.register}|${this.#actorId}`,
      data: { active },
      purpose: active ? "message" : "goodbye",
    });
  }
}

/** Also the message key under which the state arrives. */
function nameOf(port: AnyStatePort, id: string): string {
  return `${port.update}|${id}`;
}
