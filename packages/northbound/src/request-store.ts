import { err, ok, type Result } from "@tandem/base";
import {
  compareAndSetRow,
  describeStoreError,
  type Fields,
  type FieldsInput,
  recordOf,
  type Store,
  Table,
} from "@tandem/swss";
import { type Answer, formatAnswer, parseAnswer, refusalAnswer, type Trouble } from "./core/answer.js";

/** Answers that are kept, for requests that are sent again; the oldest go. */
export const ANSWERS_MAX = 1024;

/** Rows of ours in APPL_DB: beside the rows that they answer for, so that both are written in one step. */
const ANSWER_TABLE = "TANDEM_API_ANSWER";
const ANSWER_LIST = "TANDEM_API_ANSWERS";

/** Times that a request is decided anew because its row changed under it. */
const ATTEMPTS_MAX = 8;

/** What a request decided: its answer, and the row that goes with it (`undefined`: the row stays). */
export interface Decision {
  readonly answer: Answer;
  /** Empty: the row is deleted. */
  readonly fields?: Fields;
}

/** Who asks, and what. */
export interface Request {
  /** The caller's idempotency key. */
  readonly key: string;
  /** Everything that makes this request another than the next one. */
  readonly asked: string;
}

/** What a request got; `repeated`: it had been answered before. */
export interface Answered {
  readonly answer: Answer;
  readonly repeated: boolean;
}

/**
 * Reads a row, decides, and writes what was decided together with the answer, unless somebody else wrote the row in
 * between: then all of it again. Refusals are kept too, so that the same key always gets the same answer.
 */
export async function perform(
  store: Store,
  table: string,
  key: string,
  request: Request,
  decide: (row: Fields | undefined) => Promise<Result<Decision, Trouble>>,
): Promise<Answered> {
  const rows = new Table(store, table, { listMarks: "keep" });
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const found = await rows.get(key);
    if (!found.ok) return trouble({ kind: "unavailable", detail: describeStoreError(found.error) });
    const seen = found.value === undefined ? undefined : recordOf(found.value);
    const decided = await decide(seen);
    if (!decided.ok) return trouble(decided.error);
    const decision = decided.value;
    const outcome = await compareAndSetRow(store, {
      row: rows.rowKey(key),
      ...(decision.fields !== undefined && { seen: (found.value ?? []) as FieldsInput, fields: decision.fields }),
      request: {
        key: `${ANSWER_TABLE}:${request.key}`,
        list: ANSWER_LIST,
        max: ANSWERS_MAX,
        asked: request.asked,
        answer: formatAnswer(decision.answer),
      },
    });
    if (!outcome.ok) return trouble({ kind: "unavailable", detail: describeStoreError(outcome.error) });
    switch (outcome.value.kind) {
      case "written":
        return { answer: decision.answer, repeated: false };
      case "answered": {
        const answer = parseAnswer(outcome.value.answer);
        if (outcome.value.asked !== request.asked || answer === undefined) {
          return trouble({ kind: "keyReused", key: request.key });
        }
        return { answer, repeated: true };
      }
      case "changed":
        break;
    }
  }
  return trouble({ kind: "contended", attempts: ATTEMPTS_MAX });
}

function trouble(kind: Trouble): Answered {
  return { answer: refusalAnswer(kind), repeated: false };
}

/** A row as it is in the database; `undefined`: there is none. */
export async function readRow(store: Store, table: string, key: string): Promise<Result<Fields | undefined, Trouble>> {
  const found = await new Table(store, table, { listMarks: "keep" }).get(key);
  if (!found.ok) return err({ kind: "unavailable", detail: describeStoreError(found.error) });
  return ok(found.value === undefined ? undefined : recordOf(found.value));
}
