import { type Clock, type CrashPoint, err, millis, ok, type Result, seconds, sleep } from "@tandem/base";
import { type Command, describeStoreError, type Reply, type Store, Table } from "@tandem/swss";
import type { SwitchConfig } from "../context-config.js";
import { formatObjectId, type ObjectId, objectIdParts, switchVid } from "../object-id.js";
import { objectTypeName, objectTypeNumber } from "../sai/object-types.js";
import { STATUS } from "../status.js";
import type { Asic } from "../virtual-asic/asic.js";
import type { AsicCall, CallOutcome } from "../virtual-asic/call.js";
import { Settled } from "./journal.js";
import { type RowPrefix, STATE_TABLE, VID_COUNTER } from "./names.js";
import type { SyncdEvent } from "./syncd-event.js";
import { VidMap } from "./vid-map.js";

/** How long rows that Redis refuses are tried again before the request is answered. */
const SETTLE_WITHIN = seconds(10);
const SETTLE_AGAIN = millis(100);

export interface SessionOptions {
  /** ASIC_DB of the context. */
  readonly store: Store;
  readonly asic: Asic;
  readonly clock: Clock;
  readonly crashPoint: CrashPoint;
  readonly guid: number;
  readonly switches: readonly SwitchConfig[];
  /** Must not throw. */
  readonly observer: (event: SyncdEvent) => void;
}

/** What one syncd knows, and how it reaches rows and ASIC. */
export class Session {
  readonly options: SessionOptions;
  /** VIDs of switches that this ASIC may have; the first one's rows have bare names. */
  readonly switches: ReadonlySet<string>;
  map = new VidMap();
  settled = new Settled();
  /** VIDs of what the switch came with, by type. */
  cold = new Map<string, string>();
  view: "apply" | "init" = "apply";
  /** No view was ever applied: INIT_VIEW changes nothing. */
  firstRun = true;
  /** Why nothing is executed any more. */
  broken: string | undefined;
  /** Rows that are to be written before anything else is done. */
  #owed: readonly Command[] = [];

  constructor(options: SessionOptions) {
    this.options = options;
    this.switches = new Set(options.switches.map(({ index }) => switchVid(index, options.guid)));
  }

  get prefix(): RowPrefix {
    return this.view === "init" ? "TEMP_" : "";
  }

  emit(event: SyncdEvent): void {
    this.options.observer(event);
  }

  isFirst(vid: string): boolean {
    return vid === switchVid(0, 0) && this.options.guid === 0;
  }

  /** One call; `undefined` when the ASIC is gone, which ends this session. */
  async ask(call: AsicCall): Promise<CallOutcome | undefined> {
    const outcome = await this.options.asic.call(call);
    if (outcome.ok) return outcome.value;
    this.broken ??= outcome.error.reason;
    this.emit({ kind: "asicLost", why: outcome.error.reason });
    return undefined;
  }

  async read(command: Command): Promise<Result<Reply, string>> {
    const reply = await this.options.store.command(command);
    return reply.ok ? reply : err(describeStoreError(reply.error));
  }

  /** The rows of a table: key without the table, fields. */
  async rows(
    prefix: RowPrefix,
  ): Promise<Result<readonly (readonly [string, readonly (readonly [string, string])[]])[], string>> {
    const content = await new Table(this.options.store, `${prefix}${STATE_TABLE}`, { listMarks: "keep" }).getContent();
    if (!content.ok) return err(describeStoreError(content.error));
    return ok(content.value.map(({ key, fieldValues }) => [key, fieldValues] as const));
  }

  /** Commands before an effect: refused ones cost nothing but the request. The error is a status. */
  async begin(commands: readonly Command[]): Promise<Result<void, string>> {
    const owed = await this.payOff();
    if (!owed.ok) return owed;
    const [only, ...more] = commands;
    if (only === undefined) return ok();
    const { store } = this.options;
    const done = more.length === 0 ? await store.command(only) : await store.multi(commands);
    if (done.ok) return ok();
    const why = describeStoreError(done.error);
    this.emit({ kind: "rowsRefused", why });
    return err(/\bOOM\b/.test(why) ? STATUS.noMemory : STATUS.failure);
  }

  /**
   * Commands after an effect, all or none. What Redis refuses is tried again for ten seconds, and then owed: nothing
   * else is executed before it is written. The error is a status.
   */
  async commit(commands: readonly Command[]): Promise<Result<void, string>> {
    if (commands.length === 0) return ok();
    this.#owed = [...this.#owed, ...commands];
    return this.payOff();
  }

  async payOff(): Promise<Result<void, string>> {
    const { store, clock } = this.options;
    const until = clock.monotonic() + SETTLE_WITHIN;
    let refused = false;
    while (this.#owed.length > 0) {
      const done = await store.multi(this.#owed);
      if (done.ok) {
        this.#owed = [];
        if (refused) this.emit({ kind: "rowsSettled" });
        return ok();
      }
      const why = describeStoreError(done.error);
      if (!refused) this.emit({ kind: "rowsRefused", why });
      refused = true;
      if (clock.monotonic() >= until) return err(/\bOOM\b/.test(why) ? STATUS.noMemory : STATUS.failure);
      await sleep(clock, SETTLE_AGAIN);
    }
    return ok();
  }

  /** Fresh VIDs for objects of these types; `undefined` for types whose ids cannot be told. */
  async allocate(types: readonly string[], of: string): Promise<Result<readonly (ObjectId | undefined)[], string>> {
    if (types.length === 0) return ok([]);
    const last = await this.read(["INCRBY", VID_COUNTER, String(types.length)]);
    if (!last.ok) return last;
    const first = BigInt(last.value as number) - BigInt(types.length) + 1n;
    const { switchIndex } = objectIdParts(of as ObjectId);
    return ok(
      types.map((type, at) => {
        const number = objectTypeNumber(type);
        if (number === undefined) return undefined;
        const index = first + BigInt(at);
        return formatObjectId({ switchIndex, type: number, extension: false, context: this.options.guid, index });
      }),
    );
  }

  typeOf(vid: string): string | undefined {
    const { type, extension } = objectIdParts(vid as ObjectId);
    return extension ? undefined : objectTypeName(type);
  }
}
