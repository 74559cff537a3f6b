import { type CrashPoint, ok, type Result, seconds } from "@tandem/base";
import { formatFid } from "../fid.js";
import type { BridgeEvent } from "./bridge-event.js";
import type { Broadcaster } from "./broadcaster.js";
import type { ClusterReader } from "./cluster-reader.js";
import type { ConsulCaller } from "./consul-caller.js";
import { newItems, offsetIn, orderOf, type QueueItem } from "./core/broadcast-queue.js";
import type { Pair } from "./core/conf-tree.js";

const CALL_WITHIN = seconds(5);
/** An item counts as told when one process has it, or after so long: a dead peer holds up nothing for more. */
const DELIVERY_WITHIN = seconds(5);
const POLL_EVERY = seconds(4);

/** `bq/<n>`: every item once, by number; an item that fails in Consul is done again before the next. */
export class QueueDesk {
  #offset: number | undefined;
  #working: Promise<void> = Promise.resolve();
  #lag = 0;

  constructor(
    private readonly parts: {
      readonly node: string;
      readonly crashPoint: CrashPoint;
      readonly reader: ClusterReader;
      readonly caller: ConsulCaller;
      readonly broadcaster: Broadcaster;
      readonly tell: (event: BridgeEvent) => void;
    },
  ) {}

  /** Items that are known and not done. */
  get lag(): number {
    return this.#lag;
  }

  get offset(): number | undefined {
    return this.#offset;
  }

  /** Resolves when the new ones of `pairs` are done. One list after the other: no item is done twice. */
  process(pairs: readonly Pair[]): Promise<void> {
    this.#working = this.#working.then(() => this.#process(pairs));
    return this.#working;
  }

  /** Reads the queue itself, until everything ends: a POST that was lost is repaired. */
  async poll(): Promise<void> {
    const { caller } = this.parts;
    let index = 0;
    for (let attempt = 0; !caller.signal.aborted; ) {
      const read = await caller.call(seconds(10), (consul, signal) =>
        consul.list("bq/", { index, waitMs: POLL_EVERY, signal }),
      );
      if (!read.ok) {
        await caller.pause(attempt);
        attempt += 1;
        continue;
      }
      attempt = 0;
      index = read.value.index < index ? 0 : Math.max(1, read.value.index);
      await this.process(read.value.value);
    }
  }

  async #process(pairs: readonly Pair[]): Promise<void> {
    const offset = this.#offset ?? (await this.#readOffset());
    if (offset === undefined) return;
    this.#offset = offset;
    const items = newItems(pairs, offset);
    this.#lag = items.length;
    for (const item of items) {
      if (!(await this.#again(() => this.#one(item)))) return;
      this.#offset = item.number;
      this.#lag -= 1;
    }
  }

  async #readOffset(): Promise<number | undefined> {
    let found: number | undefined;
    await this.#again(async () => {
      const key = `bq-delivered/${this.parts.node}`;
      const read = await this.parts.caller.call(CALL_WITHIN, (consul, signal) => consul.get(key, { signal }));
      if (!read.ok) return read;
      const offset = offsetIn(read.value.value?.text);
      if (!offset.ok)
        this.parts.tell({ kind: "badInput", where: key, detail: `${offset.error}; everything is done again` });
      found = offset.ok ? offset.value : -1;
      return ok();
    });
    return found;
  }

  async #one(item: QueueItem): Promise<Result<void, string>> {
    const { node, caller, reader, broadcaster, crashPoint, tell } = this.parts;
    const [conf, drives] = await Promise.all([reader.conf(), reader.drives()]);
    if (!conf.ok) return conf;
    if (!drives.ok) return drives;
    const order = orderOf(item, conf.value, drives.value.driveOf, node);
    if (order.ok && order.value.kind !== "nothing") {
      const ids = broadcaster.send(order.value.notes, "queue");
      await broadcaster.fates(ids, "any", DELIVERY_WITHIN);
      if (order.value.kind === "process") {
        const { process, status } = order.value;
        const key = `${node}/processes/${formatFid(process)}`;
        const kept = await caller.call(CALL_WITHIN, (consul, signal) => consul.put(key, status, { signal }));
        if (!kept.ok) return kept;
      }
    }
    crashPoint.reach("hax.queue.told");
    const read = await caller.call(CALL_WITHIN, (consul, signal) =>
      consul.put(`bq-delivered/${node}`, String(item.number), { signal }),
    );
    if (!read.ok) return read;
    tell({ kind: "queueItem", number: item.number, because: order.ok ? undefined : order.error });
    return ok();
  }

  /** Until it works; false when everything ends. */
  async #again(work: () => Promise<Result<void, string>>): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      if ((await work()).ok) return true;
      if (!(await this.parts.caller.pause(attempt))) return false;
    }
  }
}
