import { ok, type Result } from "@tandem/base";
import { type Command, describeStoreError, type Store } from "@tandem/swss";
import { parseIntent } from "../syncd/journal.js";
import { INTENT, PROGRESS, STATE_TABLE, SYNCD_STATE } from "../syncd/names.js";

/** What a syncd has begun, and where it stands. */
export interface PendingView {
  /** The request that is begun and not settled. */
  readonly request:
    | { readonly op: string; readonly key: string; readonly id: string | undefined; readonly objects: number }
    | undefined;
  /** Steps of a view change that are done. */
  readonly steps: number;
  readonly view: "apply" | "init";
  /** Objects that the view being built has so far. */
  readonly collected: number;
  /** No view was ever applied. */
  readonly firstRun: boolean;
  /** Why the next start boots the ASIC anew; empty: it need not. */
  readonly boot: string;
}

export async function readPending(store: Store): Promise<Result<PendingView, string>> {
  const commands: readonly Command[] = [
    ["GET", INTENT],
    ["HLEN", PROGRESS],
    ["HGETALL", SYNCD_STATE],
    ["KEYS", `TEMP_${STATE_TABLE}:*`],
  ];
  const replies = await store.multi(commands);
  if (!replies.ok) return { ok: false, error: describeStoreError(replies.error) };
  const [text, steps, state, temps] = replies.value;
  const flat = state as readonly string[];
  const fields = new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] as string] as const] : [])));
  const intent = typeof text === "string" ? parseIntent(text) : undefined;
  return ok({
    request:
      intent === undefined
        ? undefined
        : {
            op: intent.request.op,
            key: intent.request.key,
            id: intent.id,
            objects: Math.max(1, intent.request.fields.length),
          },
    steps: Number(steps),
    view: fields.get("view") === "init" ? "init" : "apply",
    collected: (temps as readonly string[]).length,
    firstRun: fields.get("first_run") !== "false",
    boot: fields.get("boot") ?? "",
  });
}
