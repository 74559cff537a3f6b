import type { Command } from "@tandem/swss";
import { type AsicReply, isReplyOp } from "../reply.js";
import { type AsicRequest, checkRequest } from "../request.js";
import { INTENT, SETTLED } from "./names.js";

/** Settled requests that are remembered. A server takes one at a time, so that only the newest can come again. */
export const SETTLED_MAX = 64;

/** A request that is begun: at the next start it is finished, whoever asks. */
export interface Intent {
  readonly id: string | undefined;
  readonly request: AsicRequest;
  /** Its rows were written as it was taken. */
  readonly rowsWritten: boolean;
}

export function intentCommand(intent: Intent): Command {
  const { id, request, rowsWritten } = intent;
  return ["SET", INTENT, JSON.stringify([id ?? null, request.op, request.key, request.fields, rowsWritten])];
}

/** `undefined` when the text is no intent. */
export function parseIntent(text: string): Intent | undefined {
  const parsed = parse(text);
  if (!Array.isArray(parsed)) return undefined;
  const [id, op, key, fields, rowsWritten] = parsed as readonly unknown[];
  if (typeof op !== "string" || typeof key !== "string" || !isPairs(fields)) return undefined;
  const request = checkRequest(op, key, fields);
  if (!request.ok || (id !== null && typeof id !== "string")) return undefined;
  return { id: id ?? undefined, request: request.value, rowsWritten: rowsWritten === true };
}

/** Ends the intent, and remembers the reply for a request that has an id. */
export function settleCommands(id: string | undefined, reply: AsicReply): readonly Command[] {
  const ended: Command = ["DEL", INTENT];
  if (id === undefined) return [ended];
  const text = JSON.stringify([id, reply.op, reply.status, reply.fields]);
  return [ended, ["LPUSH", SETTLED, text], ["LTRIM", SETTLED, "0", String(SETTLED_MAX - 1)]];
}

/** Replies of settled requests, by request id. */
export class Settled {
  readonly #replies = new Map<string, AsicReply>();

  /** `texts` as Redis has them, newest first. */
  constructor(texts: readonly string[] = []) {
    for (const text of texts.toReversed()) {
      const parsed = parse(text);
      if (!Array.isArray(parsed)) continue;
      const [id, op, status, fields] = parsed as readonly unknown[];
      if (typeof id !== "string" || typeof op !== "string" || typeof status !== "string") continue;
      if (isReplyOp(op) && isPairs(fields)) this.add(id, { op, status, fields });
    }
  }

  get(id: string): AsicReply | undefined {
    return this.#replies.get(id);
  }

  add(id: string, reply: AsicReply): void {
    this.#replies.set(id, reply);
    if (this.#replies.size <= SETTLED_MAX) return;
    for (const oldest of this.#replies.keys()) {
      this.#replies.delete(oldest);
      return;
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isPairs(value: unknown): value is readonly (readonly [string, string])[] {
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((word) => typeof word === "string"))
  );
}
