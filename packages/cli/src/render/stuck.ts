import type { ActorAnswer } from "@tandem/actor";
import { type Paint, plain } from "./ha.js";
import { duration, wrap } from "./values.js";
import { rowName, typeName } from "./why-name.js";

/** A wait that has lasted longer than it may. Times in milliseconds. */
export interface StuckWait {
  /** `<type>/<id>`. */
  readonly actor: string;
  readonly for: string;
  readonly age: number;
  /** Beyond its deadline; 0 while the thing is tried once more. */
  readonly over: number;
  /** What happens now. */
  readonly then: string;
}

/** How long a message or a row may be unacknowledged; hamgrd tells of it then. */
const UNANSWERED_MAX = 5000;

/** Waits past their deadline; rows that nobody has taken; messages, where the actor is not stuck for anything else. */
export function stuckWaits(actors: readonly ActorAnswer[]): readonly StuckWait[] {
  return actors.flatMap(({ type, id, waits, rows, messages }) => {
    const actor = `${type}/${id}`;
    const past = waits.flatMap(({ for: what, age, left, stuck, then }) =>
      stuck ? [{ actor, for: what, age, over: Math.max(0, -(left ?? 0)), then }] : [],
    );
    const unanswered = (what: string, age: number | null, refusal: string): readonly StuckWait[] => {
      if (age === null || age < UNANSWERED_MAX) return [];
      return [{ actor, for: what, age, over: age - UNANSWERED_MAX, then: `send again (${refusal || "no answer"})` }];
    };
    const stuckRows = rows.flatMap(({ row, state, age, refusal }) =>
      state === "sent" || state === "deleting"
        ? unanswered(`${rowName(row)} to be ${state === "sent" ? "written" : "deleted"}`, age, refusal)
        : [],
    );
    const stuckMessages = messages.flatMap(({ to, key, age, refusal }) =>
      unanswered(`${to} to take ${key}`, age, refusal),
    );
    return [...past, ...stuckRows, ...(past.length + stuckRows.length > 0 ? [] : stuckMessages)];
  });
}

const WIDTH = 100;

/** Lines below `show ha`; nothing when nothing is stuck. */
export function renderStuck(stuck: readonly StuckWait[], paint: Paint = plain): string {
  const lines = stuck.flatMap(({ actor, for: what, age, over, then }) => {
    const at = actor.indexOf("/");
    const who = `${typeName(actor.slice(0, at))} ${actor.slice(at + 1)}`;
    const words = `stuck: ${who} waits for ${what}, since ${duration(age)}${over > 0 ? `, ${duration(over)} too long` : ""}; now: ${then}`;
    return wrap(words, WIDTH - 2).map((line, i) => paint("bad", i === 0 ? line : `  ${line}`));
  });
  return lines.length === 0 ? "" : `\n${lines.join("\n")}\n`;
}
