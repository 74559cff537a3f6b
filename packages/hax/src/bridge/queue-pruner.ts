import { type Clock, ok, type Result, seconds, sleep } from "@tandem/base";
import { type ConsulApi, type ConsulFailure, TXN_OPS_MAX } from "../consul/consul-api.js";
import type { BridgeEvent } from "./bridge-event.js";
import type { ConsulCaller } from "./consul-caller.js";
import { nodeName } from "./core/conf-tree.js";
import { type Prunable, prunable } from "./core/queue-prune.js";

const PRUNE_EVERY = seconds(60);
const ROUND_WITHIN = seconds(10);
/** Items that leave in one round; the others leave in the next. */
const ITEMS_MAX = 1024;
/** So many items that wait for one node are worth a word. */
const HELD_MAX = 10_000;

/** On the leader's node: what every node has done leaves `bq/`, so that the queue and its watch stay small. */
export class QueuePruner {
  #held = false;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly node: string;
      readonly caller: ConsulCaller;
      readonly tell: (event: BridgeEvent) => void;
    },
  ) {}

  /** Once a minute, until everything ends. */
  async run(): Promise<void> {
    const { clock, caller } = this.parts;
    while (!caller.signal.aborted) {
      await sleep(clock, PRUNE_EVERY, caller.signal).catch(() => {});
      if (!caller.signal.aborted) await this.round();
    }
  }

  /** A failure waits for the next round: a queue that is long for a minute more does no harm. */
  async round(): Promise<void> {
    const { caller, tell } = this.parts;
    const found = await caller.call(ROUND_WITHIN, (consul, signal) => this.#look(consul, signal));
    if (!found.ok || found.value === undefined) return;
    const { keys, kept, slowest } = found.value;
    const held = kept > HELD_MAX && slowest !== undefined;
    if (held && !this.#held) tell({ kind: "queueHeld", node: slowest, items: kept });
    this.#held = held;
    let pruned = 0;
    while (pruned < Math.min(keys.length, ITEMS_MAX)) {
      const ops = keys.slice(pruned, pruned + TXN_OPS_MAX).map((key) => ({ verb: "delete" as const, key }));
      const gone = await caller.call(ROUND_WITHIN, (consul, signal) => consul.txn(ops, signal));
      if (!gone.ok) break;
      pruned += ops.length;
    }
    if (pruned > 0) tell({ kind: "queuePruned", items: pruned });
  }

  /** Nothing where another node leads. */
  async #look(consul: ConsulApi, signal: AbortSignal): Promise<Result<Prunable | undefined, ConsulFailure>> {
    const leader = await consul.get("leader", { consistency: "consistent", signal });
    if (!leader.ok) return leader;
    const { value } = leader.value;
    if (value?.session === undefined || nodeName(value.text) !== nodeName(this.parts.node)) return ok(undefined);
    const items = await consul.list("bq/", { signal });
    if (!items.ok) return items;
    const offsets = await consul.list("bq-delivered/", { signal });
    if (!offsets.ok) return offsets;
    const haxes = await consul.catalogService("hax", { signal });
    if (!haxes.ok) return haxes;
    const nodes = haxes.value.value.map(({ node }) => node);
    return ok(prunable(items.value.value, offsets.value.value, nodes));
  }
}
