import type { ActorDefinition, AnyActor, Change, Derived, Inputs, StandingRow, Tell, Wait } from "@tandem/actor";
import { type Json, type Millis, millis } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";

/** One thing that was done to a row. */
export interface Write {
  readonly op: "set" | "del";
  readonly table: AnyTable;
  readonly key: string;
  readonly fields?: Fields;
}

/** Memory and state of a definition are its own business. */
type Definition = ActorDefinition<unknown, unknown>;

interface Place {
  readonly definition: Definition;
  readonly id: string;
  memory: unknown;
  derived: Derived<unknown>;
  /** Rows that stand because of it, by table id and key, in order of first writing. */
  readonly stands: Map<string, Standing>;
  readonly waits: Map<string, { readonly wait: Wait; readonly since: number; over: boolean }>;
  readonly told: Map<string, unknown>;
  published: Json | undefined;
  epoch: number;
}

/** A row as its actor wrote it. */
interface Standing {
  readonly table: AnyTable;
  readonly key: string;
  readonly fields: Fields;
  readonly once?: string;
  readonly at: number;
}

type Event = { readonly to: string; readonly change: Change } | { readonly row: Change & { readonly kind: "row" } };

const ref = (table: AnyTable, key: string): string => `${table.id}|${key}`;

/**
 * Actors on tables in memory, in one queue: each write is acknowledged at once, each message arrives. It shows what
 * definitions come to when nothing goes wrong, in any order of inputs; the real runtime is tested for the rest.
 * Messages pass through their wire form.
 */
export class ActorWorld {
  now = 1_718_300_000_000;
  /** Everything written by actors, oldest first. */
  readonly writes: Write[] = [];
  /** Rows that were refused. */
  readonly refused: string[] = [];
  readonly #rows = new Map<string, Map<string, Fields>>();
  readonly #good = new Map<string, Map<string, unknown>>();
  readonly #unread = new Set<string>();
  readonly #places = new Map<string, Place>();
  readonly #states = new Map<string, unknown>();
  readonly #queue: Event[] = [];
  #uuids = 0;

  private readonly actors: readonly Definition[];

  constructor(actors: readonly AnyActor[]) {
    this.actors = actors as unknown as readonly Definition[];
  }

  /** The table's snapshot counts as not read until `read` is called. */
  unread(...tables: readonly AnyTable[]): void {
    for (const table of tables) this.#unread.add(table.id);
  }

  read(table: AnyTable): void {
    this.#unread.delete(table.id);
    for (const place of this.#places.values()) this.#enqueue({ to: this.#path(place), change: this.#start(true) });
    this.#run();
  }

  set(table: AnyTable, key: string, fields: Fields): void {
    this.#put(table, key, fields);
    this.#run();
  }

  del(table: AnyTable, key: string): void {
    this.#remove(table, key);
    this.#run();
  }

  /** Fields as they stand, `undefined` when there is no such row. */
  row(table: AnyTable, key: string): Fields | undefined {
    return this.#rows.get(table.id)?.get(key);
  }

  keys(table: AnyTable): readonly string[] {
    return [...(this.#rows.get(table.id)?.keys() ?? [])].sort();
  }

  /** What an actor stands for now. */
  derived(type: string, id: string): Derived<unknown> | undefined {
    return this.#places.get(`${type}|${id}`)?.derived;
  }

  memory(type: string, id: string): unknown {
    return this.#places.get(`${type}|${id}`)?.memory;
  }

  problems(type: string, id: string): readonly string[] {
    return this.derived(type, id)?.problems.map(({ code }) => code) ?? [];
  }

  waits(type: string, id: string): readonly string[] {
    return this.derived(type, id)?.waits.map((wait) => wait.for) ?? [];
  }

  /** Every row of every table, for comparison. */
  dump(): Record<string, Fields> {
    const out: [string, Fields][] = [];
    for (const [table, rows] of this.#rows) for (const [key, fields] of rows) out.push([`${table}|${key}`, fields]);
    return Object.fromEntries(out.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The process ends and starts again: memory comes back through its stored form, messages start anew. */
  restart(): void {
    const memories = new Map<string, Json>();
    for (const [path, { definition, memory }] of this.#places) {
      if (definition.remember !== undefined) memories.set(path, toJson(definition.remember.encode(memory)));
    }
    const stands = new Map([...this.#places].map(([path, place]) => [path, place.stands]));
    this.#places.clear();
    this.#states.clear();
    for (const definition of this.actors) {
      for (const table of definition.rows) {
        for (const key of this.#good.get(table.id)?.keys() ?? []) {
          const path = `${definition.type}|${key}`;
          this.#spawn(definition, key, memories.get(path), stands.get(path));
        }
      }
    }
    this.#run();
  }

  /** Time passes: deadlines and refreshes fall due in order. */
  pass(duration: number): void {
    const end = this.now + duration;
    for (;;) {
      let next: { at: number; act: () => void } | undefined;
      const offer = (at: number, act: () => void): void => {
        if (at <= end && (next === undefined || at < next.at)) next = { at, act };
      };
      for (const place of this.#places.values()) {
        for (const entry of place.waits.values()) {
          const { wait, since, over } = entry;
          if (over || wait.deadline === undefined) continue;
          offer(since + wait.deadline, () => {
            entry.over = true;
            this.#enqueue({ to: this.#path(place), change: { kind: "deadline", wait: wait.for } });
          });
        }
        for (const row of place.derived.rows) {
          const standing = place.stands.get(ref(row.table, row.key));
          if (row.refresh === undefined || standing === undefined) continue;
          offer(standing.at + row.refresh, () => this.#write(place, row));
        }
      }
      if (next === undefined) break;
      this.now = Math.max(this.now, next.at);
      next.act();
      this.#run();
    }
    this.now = end;
  }

  #path(place: Place): string {
    return `${place.definition.type}|${place.id}`;
  }

  #enqueue(event: Event): void {
    this.#queue.push(event);
  }

  #start(restored: boolean): Change {
    return { kind: "start", restored };
  }

  #put(table: AnyTable, key: string, fields: Fields): void {
    const rows = this.#rows.get(table.id) ?? new Map<string, Fields>();
    this.#rows.set(table.id, rows);
    rows.set(key, fields);
    const decoded = table.parseKey(key).ok ? table.decode(fields) : table.parseKey(key);
    if (!decoded.ok) {
      this.refused.push(`${table.name} ${key}: ${decoded.error.field}`);
      return;
    }
    const good = this.#good.get(table.id) ?? new Map<string, unknown>();
    this.#good.set(table.id, new Map([...good, [key, decoded.value] as const].sort(([a], [b]) => (a < b ? -1 : 1))));
    this.#enqueue({ row: { kind: "row", table, key, row: decoded.value, before: good.get(key) } });
  }

  #remove(table: AnyTable, key: string): void {
    this.#rows.get(table.id)?.delete(key);
    const before = this.#good.get(table.id)?.get(key);
    this.#good.get(table.id)?.delete(key);
    if (before !== undefined) this.#enqueue({ row: { kind: "row", table, key, row: undefined, before } });
  }

  #run(): void {
    for (let steps = 0; this.#queue.length > 0; steps++) {
      if (steps > 20_000) throw new Error("the actors do not come to rest");
      const event = this.#queue.shift() as Event;
      if ("row" in event) this.#onRow(event.row);
      else {
        const place = this.#places.get(event.to);
        if (place !== undefined) this.#step(place, event.change);
      }
    }
  }

  #onRow(change: Change & { readonly kind: "row" }): void {
    const { table, key } = change;
    for (const definition of this.actors) {
      if (!definition.rows.some(({ id }) => id === table.id)) continue;
      const path = `${definition.type}|${key}`;
      const alive = definition.rows.some(({ id }) => this.#good.get(id)?.has(key));
      const place = this.#places.get(path);
      if (alive && place === undefined) this.#spawn(definition, key, undefined, undefined);
      else if (!alive && place !== undefined) this.#retire(place);
    }
    for (const place of [...this.#places.values()]) {
      const own = place.definition.rows.some(({ id }) => id === table.id) && place.id === key;
      const reads = place.definition.reads?.(this.#inputs(place)) ?? [];
      const read = reads.some(
        (r) => r.table.id === table.id && (r.key === undefined || r.key === key) && (r.where?.(key) ?? true),
      );
      if (own || read) this.#step(place, change);
    }
  }

  #spawn(definition: Definition, id: string, memory: Json | undefined, stands: Place["stands"] | undefined): void {
    const { remember } = definition;
    const restored = memory === undefined ? undefined : remember?.decode(memory);
    const place: Place = {
      definition,
      id,
      memory: restored ?? remember?.initial,
      derived: { rows: [], publish: undefined, tells: [], waits: [], problems: [], reason: "" },
      stands: stands ?? new Map(),
      waits: new Map(),
      told: new Map(),
      published: undefined,
      epoch: Number.NaN,
    };
    this.#places.set(this.#path(place), place);
    for (const other of this.#places.values())
      for (const tell of other.derived.tells) this.#tell(other, tell, tell.state);
    this.#enqueue({ to: this.#path(place), change: this.#start(restored !== undefined) });
  }

  #retire(place: Place): void {
    this.#perform(place, { rows: [], publish: undefined, tells: [], waits: [], problems: [], reason: "" });
    this.#places.delete(this.#path(place));
    const port = place.definition.publishes;
    if (port === undefined || place.published === undefined) return;
    const last = port.decode(place.published);
    if (last !== undefined && place.definition.farewell !== undefined) {
      this.#publish(place, toJson(port.encode(place.definition.farewell(last))));
    }
  }

  #inputs(place: Place): Inputs<unknown> {
    const of = (table: AnyTable): ReadonlyMap<string, unknown> =>
      this.#unread.has(table.id) ? new Map() : (this.#good.get(table.id) ?? new Map());
    const reads = (): ReturnType<NonNullable<Definition["reads"]>> =>
      place.definition.reads?.(inputs as unknown as Inputs<unknown>) ?? [];
    const inputs = {
      id: place.id,
      memory: place.memory,
      row: (table: AnyTable) =>
        place.definition.rows.some(({ id }) => id === table.id) ? of(table).get(place.id) : undefined,
      read: (table: AnyTable, key: string) => inputs.all(table).get(key),
      all: (table: AnyTable) => {
        const named = reads().filter((read) => read.table.id === table.id);
        const takes = (key: string): boolean =>
          named.some((read) => (read.key === undefined || read.key === key) && (read.where?.(key) ?? true));
        return new Map([...of(table)].filter(([key]) => takes(key)));
      },
      loaded: (table: AnyTable) => !this.#unread.has(table.id),
      hidesRow: () => false,
      state: (port: { readonly provider: string }, id: string) => this.#states.get(`${port.provider}|${id}`),
      told: () => place.told,
      written: (table: AnyTable, key: string) => (place.stands.has(ref(table, key)) ? this.row(table, key) : undefined),
    };
    return inputs as unknown as Inputs<unknown>;
  }

  #step(place: Place, change: Change): void {
    const { definition } = place;
    const draw = {
      now: (): Millis => millis(this.now),
      uuid: () => `00000000-0000-4000-8000-${String(++this.#uuids).padStart(12, "0")}`,
    };
    const inputs = this.#inputs(place);
    if (definition.remember !== undefined) {
      place.memory = definition.remember.fold(place.memory, change, inputs, draw);
    }
    this.#perform(place, definition.derive(this.#inputs(place)));
  }

  #perform(place: Place, derived: Derived<unknown>): void {
    const gone = place.derived.tells.filter((tell) => !derived.tells.some((now) => sameTell(now, tell)));
    place.derived = derived;
    const epoch = derived.sinkEpoch?.epoch;
    if (epoch !== undefined && !Number.isNaN(place.epoch) && epoch !== place.epoch) this.#newEpoch();
    if (epoch !== undefined) place.epoch = epoch;
    const standing = new Set(derived.rows.map((row) => ref(row.table, row.key)));
    for (const row of derived.rows) {
      const known = place.stands.get(ref(row.table, row.key));
      if (row.once !== undefined ? known?.once === row.once : known !== undefined && sameFields(known, row)) continue;
      this.#write(place, row);
    }
    for (const [name, { table, key }] of [...place.stands].reverse()) {
      if (standing.has(name) || stays(derived, table)) continue;
      place.stands.delete(name);
      this.writes.push({ op: "del", table, key });
      this.#remove(table, key);
      this.#enqueue({ to: this.#path(place), change: { kind: "written", table, key } });
    }
    this.#keepWaits(place, derived.waits);
    for (const tell of derived.tells) this.#tell(place, tell, tell.state);
    for (const tell of gone) this.#farewell(place, tell);
    const port = place.definition.publishes;
    if (port !== undefined && derived.publish !== undefined) {
      const state = toJson(port.encode(derived.publish));
      if (JSON.stringify(state) !== JSON.stringify(place.published)) this.#publish(place, state);
    }
  }

  #write(place: Place, row: StandingRow): void {
    const { table, key } = row;
    const stamps = Object.fromEntries((row.stamps ?? []).map((name) => [name, String(this.now)]));
    const fields = { ...row.fields, ...stamps };
    this.writes.push({ op: "set", table, key, fields });
    place.stands.set(ref(table, key), {
      table,
      key,
      fields,
      at: this.now,
      ...(row.once !== undefined && { once: row.once }),
    });
    this.#put(table, key, fields);
    this.#enqueue({ to: this.#path(place), change: { kind: "written", table, key } });
  }

  /** What stands on the DPU is written again: other actors do so in their next step. */
  #newEpoch(): void {
    for (const place of this.#places.values()) {
      for (const row of place.derived.rows) if (row.table.db.startsWith("DPU_")) this.#write(place, row);
    }
  }

  #keepWaits(place: Place, waits: readonly Wait[]): void {
    const before = new Map(place.waits);
    place.waits.clear();
    for (const wait of waits) {
      const known = before.get(wait.for);
      place.waits.set(wait.for, { wait, since: known?.since ?? this.now, over: known?.over ?? false });
    }
  }

  #tell(from: Place, tell: Tell, state: unknown): void {
    const target = this.#places.get(`${tell.to.type}|${tell.to.id}`);
    if (target === undefined || state === undefined) return;
    const decoded = tell.port.decode(toJson(tell.port.encode(state)));
    const known = target.told.get(from.id);
    if (JSON.stringify(known) === JSON.stringify(decoded)) return;
    target.told.set(from.id, decoded);
    this.#enqueue({ to: this.#path(target), change: { kind: "told", port: tell.port, id: from.id } });
  }

  #farewell(from: Place, tell: Tell): void {
    const target = this.#places.get(`${tell.to.type}|${tell.to.id}`);
    if (target?.told.delete(from.id)) {
      this.#enqueue({ to: this.#path(target), change: { kind: "told", port: tell.port, id: from.id } });
    }
  }

  #publish(place: Place, state: Json): void {
    place.published = state;
    const port = place.definition.publishes;
    if (port === undefined) return;
    const decoded = port.decode(state);
    if (decoded === undefined) throw new Error(`${this.#path(place)} publishes what nobody understands`);
    const name = `${port.provider}|${place.id}`;
    if (JSON.stringify(this.#states.get(name)) === JSON.stringify(decoded)) return;
    this.#states.set(name, decoded);
    for (const other of this.#places.values()) {
      const wanted = other.definition.wants?.(this.#inputs(other)) ?? [];
      if (wanted.some((want) => want.port.provider === port.provider && want.id === place.id)) {
        this.#enqueue({ to: this.#path(other), change: { kind: "state", port, id: place.id } });
      }
    }
  }
}

/** Apart from stamps. */
function sameFields(known: Standing, row: StandingRow): boolean {
  const names = new Set([...Object.keys(known.fields), ...Object.keys(row.fields)]);
  for (const name of row.stamps ?? []) names.delete(name);
  return [...names].every((name) => known.fields[name] === row.fields[name]);
}

function sameTell(a: Tell, b: Tell): boolean {
  return a.port.key === b.port.key && a.to.type === b.to.type && a.to.id === b.to.id;
}

function toJson(value: Json): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** Whether rows of the table stay although the actor does not stand for them now. */
function stays({ keeps = [], leaves = [] }: Derived<unknown>, table: AnyTable): boolean {
  return [...keeps, ...leaves].some(({ id }) => id === table.id);
}
