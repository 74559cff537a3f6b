import { err, ok, type Result } from "@tandem/base";

/** Who wants to hear which event, as a list below `events/subscription/`. */
export interface Subscription {
  readonly key: string;
  readonly event: string;
}

const MEMBERS_MAX = 16;
const WORD = /^[A-Za-z][\w.-]{0,63}$/;
/** Events of one list. */
const EVENTS_MAX = 256;

/** Reads `{"node": "health_message"}`. */
export function readSubscriptions(body: unknown): Result<readonly Subscription[], string> {
  if (typeof body !== "object" || body === null || Array.isArray(body))
    return err('expected an object, as {"node": "health_message"}');
  const members = Object.entries(body);
  if (members.length === 0 || members.length > MEMBERS_MAX) return err(`expected 1 to ${MEMBERS_MAX} members`);
  const wrong = members.find(([kind, event]) => !WORD.test(kind) || typeof event !== "string" || !WORD.test(event));
  if (wrong !== undefined) return err(`${JSON.stringify(wrong[0].slice(0, 60))}: expected the name of an event`);
  return ok(members.map(([kind, event]) => ({ key: `events/subscription/${kind}`, event })));
}

/** The stored list with an event in it, or without it; one that cannot be read begins anew. Nothing: it is so already. */
export function changedList(
  text: string | undefined,
  event: string,
  wanted: boolean,
): Result<string | undefined, string> {
  const stored = listIn(text);
  if (stored.includes(event) === wanted) return ok(undefined);
  if (wanted && stored.length >= EVENTS_MAX) return err(`the list holds ${EVENTS_MAX} events already`);
  const list = wanted ? [...stored, event] : stored.filter((each) => each !== event);
  return ok(`[${list.map((each) => JSON.stringify(each)).join(", ")}]`);
}

function listIn(text: string | undefined): readonly string[] {
  try {
    const value: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
  } catch {
    return [];
  }
}
