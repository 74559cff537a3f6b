import { type CrashPoint, noCrash, ok, systemClock, unwrap } from "@tandem/base";
import { type FieldValues, type Store, type Stores, untilConnected } from "@tandem/swss";
import type { AsicNotification } from "../notification.js";
import type { AsicReply } from "../reply.js";
import type { AsicRequest } from "../request.js";
import type { StartType } from "../syncd/boot.js";
import { Syncd } from "../syncd/syncd.js";
import type { SyncdEvent } from "../syncd/syncd-event.js";
import type { Delivery } from "../transport.js";
import { type Asic, LocalAsic } from "../virtual-asic/asic.js";
import type { AsicCall } from "../virtual-asic/call.js";
import { AsicCore } from "../virtual-asic/core.js";

export const SMALL_ASIC = { ports: 2, lanesPerPort: 4, queuesPerPort: 2, priorityGroupsPerPort: 1 };
export const SWITCH_VID = "oid:0x21000000000000";
export const SWITCH_KEY = `SAI_OBJECT_TYPE_SWITCH:${SWITCH_VID}`;

/** What a crash point of tests throws: nothing after it is done, as in a process that is gone. */
export class Crash extends Error {}

/** A crash at the nth passing of a point. */
export function crashAt(name: string, times: number): CrashPoint {
  let left = times;
  return {
    reach: (reached) => {
      if (reached !== name) return;
      left -= 1;
      if (left <= 0) throw new Crash(name);
    },
  };
}

/** One ASIC and its rows, which outlive the syncds that serve them one after the other. */
export class SyncdWorld {
  readonly core: AsicCore;
  readonly store: Store;
  readonly events: SyncdEvent[] = [];
  readonly told: AsicNotification[] = [];
  syncd: Syncd | undefined;
  /** Of calls that change something: the status that the ASIC refuses it with; `undefined` lets it do it. */
  refuses: ((call: AsicCall) => string | undefined) | undefined;
  readonly #looking = new Set<(event: SyncdEvent) => void>();
  #request = 0;

  constructor(stores: Stores, core = new AsicCore(SMALL_ASIC)) {
    this.store = unwrap(stores.open({ db: "ASIC_DB" }));
    this.core = core;
  }

  /** A new life of syncd. */
  async start(start: StartType = "auto", crashPoint: CrashPoint = noCrash): Promise<Syncd> {
    await untilConnected(this.store);
    await this.syncd?.[Symbol.asyncDispose]();
    const syncd = unwrap(
      await Syncd.open({
        ...{ store: this.store, asic: this.#asic(), clock: systemClock, crashPoint, start, guid: 0 },
        switches: [{ index: 0, hwinfo: "" }],
        observer: (event) => {
          this.events.push(event);
          for (const look of this.#looking) look(event);
        },
      }),
    );
    syncd.onNotification((notification) => this.told.push(notification));
    this.syncd = syncd;
    return syncd;
  }

  #asic(): Asic {
    const asic = new LocalAsic(this.core);
    const { call } = asic;
    asic.call = async (each) => {
      const status = /^(create|remove|set)$/.test(each.call) ? this.refuses?.(each) : undefined;
      return status === undefined ? call.call(asic, each) : ok({ status });
    };
    return asic;
  }

  ask(op: AsicRequest["op"], key: string, fields: FieldValues = [], over: Partial<Delivery> = {}): Promise<AsicReply> {
    this.#request += 1;
    const id = `r${this.#request}`;
    const delivery = {
      request: { op, key, fields },
      id,
      repeated: false,
      unanswered: false,
      rowsWritten: false,
      ...over,
    };
    return (this.syncd as Syncd).handle(delivery);
  }

  /** Resolves at the next event of this kind. */
  until(kind: SyncdEvent["kind"]): Promise<void> {
    return new Promise((resolve) => {
      const look = (event: SyncdEvent): void => {
        if (event.kind !== kind) return;
        this.#looking.delete(look);
        resolve();
      };
      this.#looking.add(look);
    });
  }

  createSwitch(): Promise<AsicReply> {
    return this.ask("create", SWITCH_KEY, [["SAI_SWITCH_ATTR_INIT_SWITCH", "true"]]);
  }

  /** Fields of a row; empty when there is none. */
  async row(key: string): Promise<Readonly<Record<string, string>>> {
    const flat = unwrap(await this.store.command(["HGETALL", key])) as readonly string[];
    return Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] as string]] : [])));
  }

  /** Rows of a table by their keys, sorted; `NULL` is left out. */
  async rows(table = "ASIC_STATE"): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> {
    const keys = unwrap(await this.store.command(["KEYS", `${table}:*`])) as readonly string[];
    const rows: [string, Readonly<Record<string, string>>][] = [];
    for (const key of keys.toSorted()) {
      const { NULL: _, ...fields } = await this.row(key);
      rows.push([key.slice(table.length + 1), fields]);
    }
    return Object.fromEntries(rows);
  }

  async fresh(type: number): Promise<string> {
    const index = unwrap(await this.store.command(["INCR", "VIDCOUNTER"])) as number;
    return `oid:0x${((BigInt(type) << 48n) | BigInt(index)).toString(16)}`;
  }

  /** How often each was created. */
  counts(...labels: readonly string[]): readonly number[] {
    return this.core.call({ call: "counts", labels }).counts ?? [];
  }
}
