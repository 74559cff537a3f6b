import { type Json, unreachable } from "@tandem/base";
import type { OperationType } from "@tandem/hamgrd";

/** What a caller gets: an HTTP status and a JSON body. Kept as text, so that a repeated request gets the same one. */
export interface Answer {
  readonly status: number;
  readonly body: { readonly [member: string]: Json | undefined };
}

/** Why a request was not carried out. */
export type Refusal =
  | { readonly kind: "notFound"; readonly what: string }
  | { readonly kind: "exists"; readonly what: string; readonly version: string }
  /** Somebody wrote the row since the caller read it. */
  | { readonly kind: "versionMismatch"; readonly what: string; readonly expected: string; readonly version: string }
  /** The row holds nothing that can be understood, so it has no version to go by. */
  | { readonly kind: "unreadable"; readonly what: string; readonly detail: string }
  | { readonly kind: "invalid"; readonly field: string; readonly expected: string }
  | { readonly kind: "gone"; readonly id: string; readonly approved: boolean }
  | { readonly kind: "otherType"; readonly id: string; readonly asked: OperationType; readonly type: OperationType }
  | { readonly kind: "inProgress"; readonly what: string; readonly id: string }
  | { readonly kind: "tooMany"; readonly what: string; readonly limit: number };

/** What went wrong around a request: nothing was decided, and nothing of it is kept. */
export type Trouble =
  | { readonly kind: "keyReused"; readonly key: string }
  /** The write may or may not have been applied: the same request again tells. */
  | { readonly kind: "unavailable"; readonly detail: string }
  | { readonly kind: "contended"; readonly attempts: number };

const STATUS = {
  notFound: 404,
  exists: 409,
  versionMismatch: 409,
  unreadable: 409,
  invalid: 422,
  gone: 410,
  otherType: 409,
  inProgress: 409,
  tooMany: 429,
  keyReused: 422,
  unavailable: 503,
  contended: 503,
} satisfies Record<(Refusal | Trouble)["kind"], number>;

/** An answer that says what was wrong, and what to do now. */
export function refusalAnswer(refusal: Refusal | Trouble): Answer {
  return errorAnswer(STATUS[refusal.kind], refusal.kind, describeRefusal(refusal), detailsOf(refusal));
}

/** The one form of every error. */
export function errorAnswer(status: number, kind: string, message: string, details: Answer["body"] = {}): Answer {
  return { status, body: { schema: "tandem.api.error.v1", error: kind, message, ...details } };
}

/** One line for people. */
export function describeRefusal(refusal: Refusal | Trouble): string {
  switch (refusal.kind) {
    case "notFound":
      return `there is no ${refusal.what}`;
    case "exists":
      return `${refusal.what} exists already, version ${refusal.version}`;
    case "versionMismatch":
      return `${refusal.what} is at version ${refusal.version}, not ${refusal.expected}: read it again, then decide again`;
    case "unreadable":
      return `${refusal.what} cannot be read (${refusal.detail}): mend or delete the row first`;
    case "invalid":
      return `${refusal.field}: expected ${refusal.expected}`;
    case "gone":
      return refusal.approved
        ? `operation ${refusal.id} was approved and is consumed`
        : `operation ${refusal.id} is not pending any more`;
    case "otherType":
      return `operation ${refusal.id} is ${refusal.type}, not ${refusal.asked}`;
    case "inProgress":
      return `${refusal.what} is being reset already, as ${refusal.id}`;
    case "tooMany":
      return `${refusal.limit} ${refusal.what} are under way: wait for one to end`;
    case "keyReused":
      return `idempotency key ${refusal.key} belongs to another request: take a new one`;
    case "unavailable":
      return `${refusal.detail}; send the same request with the same key again`;
    case "contended":
      return `the row changed under each of ${refusal.attempts} attempts; send the same request again`;
    default:
      return unreachable(refusal);
  }
}

/** What programs need beside the words. */
function detailsOf(refusal: Refusal | Trouble): Answer["body"] {
  switch (refusal.kind) {
    case "exists":
      return { version: refusal.version };
    case "versionMismatch":
      return { expected: refusal.expected, version: refusal.version };
    case "invalid":
      return { field: refusal.field };
    case "otherType":
      return { type: refusal.type };
    case "inProgress":
      return { id: refusal.id };
    default:
      return {};
  }
}

/** The answer as it is kept. */
export function formatAnswer(answer: Answer): string {
  return JSON.stringify(answer);
}

/** A kept answer; `undefined` for what was not written by `formatAnswer`. */
export function parseAnswer(text: string): Answer | undefined {
  try {
    const answer = JSON.parse(text) as Partial<Answer> | null;
    return typeof answer?.status === "number" && typeof answer.body === "object" && answer.body !== null
      ? { status: answer.status, body: answer.body }
      : undefined;
  } catch {
    return undefined;
  }
}
