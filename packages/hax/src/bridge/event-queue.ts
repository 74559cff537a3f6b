import { err, ok, type Result, seconds } from "@tandem/base";
import type { ConsulCaller } from "./consul-caller.js";

const CALL_WITHIN = seconds(5);
/** Others that publish at the same moment win at most so often before it is tried again later. */
const RACES_MAX = 32;

/** Puts an item under the next number of a queue; gives the number. One transaction: no number is skipped or used twice. */
export async function publishItem(
  caller: ConsulCaller,
  prefix: "bq" | "eq",
  item: string,
): Promise<Result<number, string>> {
  const epochKey = prefix === "bq" ? "epoch" : "eq-epoch";
  for (let race = 0; race < RACES_MAX; race++) {
    const read = await caller.call(CALL_WITHIN, (consul, signal) =>
      consul.get(epochKey, { consistency: "consistent", signal }),
    );
    if (!read.ok) return read;
    const epoch = read.value.value;
    if (epoch === undefined || !/^\d{1,15}$/.test(epoch.text.trim())) return err(`${epochKey} is no number`);
    const next = Number(epoch.text) + 1;
    const done = await caller.call(CALL_WITHIN, (consul, signal) =>
      consul.txn(
        [
          { verb: "cas", key: epochKey, value: String(next), index: epoch.modifyIndex },
          { verb: "set", key: `${prefix}/${next}`, value: item },
        ],
        signal,
      ),
    );
    if (!done.ok) return done;
    if (done.value === "done") return ok(next);
  }
  return err(`${epochKey} was changed by others ${RACES_MAX} times in a row`);
}
