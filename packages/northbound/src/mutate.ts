import { err, type Json, ok, type Result, unreachable } from "@tandem/base";
import { DashHaScopeConfig, DashHaScopeState, DashHaSetConfig } from "@tandem/hamgrd";
import type { Fields, RowError } from "@tandem/swss";
import { type Answer, type Refusal, refusalAnswer, type Trouble } from "./core/answer.js";
import { pendingOf } from "./core/events.js";
import {
  type Change,
  changeScope,
  changeSet,
  type Expected,
  type Found,
  type Mutation,
  type Pending,
  type ScopeMutation,
  type SetMutation,
} from "./core/mutation.js";
import { type Answered, type Decision, perform, readRow } from "./request-store.js";
import type { OpenedStores } from "./switch-rows.js";

/** Carries out one mutation; `key` is the caller's idempotency key. The answer comes when the row is in Redis. */
export function mutate(stores: OpenedStores, key: string, mutation: Mutation, expected: Expected): Promise<Answered> {
  const request = { key, asked: JSON.stringify([mutation, expected]) };
  switch (mutation.kind) {
    case "createSet":
    case "pin":
    case "deleteSet":
      return perform(stores.APPL_DB, DashHaSetConfig.name, mutation.set, request, async (row) =>
        ok(decideSet(mutation, expected, row)),
      );
    case "createScope":
    case "intend":
    case "approve":
    case "deleteScope": {
      const row = DashHaScopeConfig.formatKey({ vdpu_id: mutation.vdpu, ha_scope_id: mutation.scope } as never);
      return perform(stores.APPL_DB, DashHaScopeConfig.name, row, request, async (fields) => {
        const pending = mutation.kind === "approve" ? await readPending(stores, mutation) : ok([]);
        return pending.ok ? ok(decideScope(mutation, expected, fields, pending.value)) : pending;
      });
    }
    default:
      return unreachable(mutation);
  }
}

/** What is pending now, from the row itself: a reader that lags behind would approve what is consumed. */
async function readPending(
  stores: OpenedStores,
  { vdpu, scope }: ScopeMutation,
): Promise<Result<readonly Pending[], Trouble>> {
  const fields = await readRow(stores.STATE_DB, DashHaScopeState.name, `${vdpu}|${scope}`);
  if (!fields.ok) return err(fields.error);
  const row = fields.value === undefined ? undefined : DashHaScopeState.decode(fields.value);
  return ok(pendingOf(row?.ok ? row.value : undefined));
}

function decideSet(mutation: SetMutation, expected: Expected, fields: Fields | undefined): Decision {
  const found = decoded(fields, DashHaSetConfig.decode);
  return decision(changeSet(mutation, expected, found), mutation.kind === "createSet", DashHaSetConfig.encode, {
    ha_set_id: mutation.set,
  });
}

function decideScope(
  mutation: ScopeMutation,
  expected: Expected,
  fields: Fields | undefined,
  pending: readonly Pending[],
): Decision {
  const found = decoded(fields, DashHaScopeConfig.decode);
  const change = changeScope(mutation, expected, found, pending);
  const name = { vdpu_id: mutation.vdpu, ha_scope_id: mutation.scope };
  return decision(change, mutation.kind === "createScope", DashHaScopeConfig.encode, name);
}

function decoded<R>(fields: Fields | undefined, decode: (fields: Fields) => Result<R, RowError>): Found<R> {
  return fields === undefined ? undefined : decode(fields);
}

function decision<R extends { readonly version: string }>(
  change: Result<Change<R>, Refusal>,
  created: boolean,
  encode: (row: R) => Fields,
  name: { readonly [part: string]: Json },
): Decision {
  if (!change.ok) return { answer: refusalAnswer(change.error) };
  const { row, same } = change.value;
  const answer: Answer = {
    status: created ? 201 : 200,
    body: {
      schema: "tandem.api.change.v1",
      ...name,
      version: row?.version ?? null,
      config: row === undefined ? null : ({ ...row } as unknown as Json),
      changed: !same,
    },
  };
  if (same) return { answer };
  return { answer, fields: row === undefined ? {} : encode(row) };
}
