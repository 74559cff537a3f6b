import { err, ok, type Result, seconds } from "@tandem/base";
import type { ConsulCaller } from "./consul-caller.js";
import { changedList, type Subscription } from "./core/subscription.js";

const CALL_WITHIN = seconds(5);
/** Others that change the list at the same moment win at most so often. */
const RACES_MAX = 8;

/** Puts an event into its list in Consul, or takes it out; what others put there stays. */
export async function subscribe(
  caller: ConsulCaller,
  { key, event }: Subscription,
  wanted: boolean,
): Promise<Result<void, string>> {
  for (let race = 0; race < RACES_MAX; race++) {
    const read = await caller.call(CALL_WITHIN, (consul, signal) =>
      consul.get(key, { consistency: "consistent", signal }),
    );
    if (!read.ok) return read;
    const entry = read.value.value;
    const list = changedList(entry?.text, event, wanted);
    if (!list.ok) return list;
    const text = list.value;
    if (text === undefined) return ok();
    const cas = entry?.modifyIndex ?? 0;
    const put = await caller.call(CALL_WITHIN, (consul, signal) => consul.put(key, text, { cas, signal }));
    if (!put.ok) return put;
    if (put.value) return ok();
  }
  return err(`${key} was changed by others ${RACES_MAX} times in a row`);
}
