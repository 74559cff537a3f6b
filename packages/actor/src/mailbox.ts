import type { Change } from "./define-actor.js";
import type { Trace } from "./trace.js";

/** What waits for an actor: a change as `remember` will see it, and what comes with it. */
export type Mail = { readonly trace: Trace } & (
  | { readonly change: Extract<Change, { kind: "row" | "written" | "deadline" }> }
  /** `state` is absent for the farewell of a teller. */
  | { readonly change: Extract<Change, { kind: "state" | "told" }>; readonly state?: unknown }
);

/** Changes that may wait for one actor before those of one thing are merged. */
export const MAILBOX_LIMIT = 4096;

/**
 * Changes that wait for one actor, oldest first. Each is kept until the limit; beyond it a newer change of the same
 * thing takes the place of the older one, so that the size is bounded by the number of things, and `merged` counts it.
 */
export class Mailbox {
  #mail: Mail[] = [];
  #merged = 0;
  readonly #limit: number;

  constructor(limit = MAILBOX_LIMIT) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#mail.length;
  }

  /** Changes that were merged so far. */
  get merged(): number {
    return this.#merged;
  }

  push(mail: Mail): void {
    if (this.#mail.length >= this.#limit) {
      const name = nameOf(mail.change);
      const at = this.#mail.findLastIndex((older) => nameOf(older.change) === name);
      const older = this.#mail[at];
      if (older !== undefined) {
        this.#mail[at] = mergeMail(older, mail);
        this.#merged += 1;
        return;
      }
    }
    this.#mail.push(mail);
  }

  /** Everything that waits. */
  drain(): readonly Mail[] {
    const mail = this.#mail;
    this.#mail = [];
    return mail;
  }
}

/** Names what a change is about. */
function nameOf(change: Mail["change"]): string {
  switch (change.kind) {
    case "row":
    case "written":
      return `${change.kind} ${change.table.id}|${change.key}`;
    case "state":
      return `state ${change.port.update}|${change.id}`;
    case "told":
      return `told ${change.port.key}|${change.id}`;
    case "deadline":
      return `deadline ${change.wait}`;
  }
}

/** The newer change, seen from before the older one. */
function mergeMail(older: Mail, newer: Mail): Mail {
  if (older.change.kind !== "row" || newer.change.kind !== "row") return newer;
  return { trace: newer.trace, change: { ...newer.change, before: older.change.before } };
}
