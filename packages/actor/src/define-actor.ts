import type { Json, Millis } from "@tandem/base";
import type { AnyTable, Fields, Row, RowError, TableSchema } from "@tandem/swss";

/**
 * What one type of actor publishes to those who registered for it, and the message keys on the wire:
 * a registration is `<register>|<who registers>` with `{"active": bool}`, the state is `<update>|<actor id>`.
 */
export interface StatePort<S> {
  /** The provider's actor type, e.g. `dpu`. */
  readonly provider: string;
  /** e.g. `DPUStateRegister`. */
  readonly register: string;
  /** e.g. `DPUStateUpdate`. */
  readonly update: string;
  /** Payload as it came → state; `undefined` when it is none (counted, the last good state stays). */
  readonly decode: (data: Json) => S | undefined;
  readonly encode: (state: S) => Json;
}

/** State told to an actor that never registered. The message key is `<key>|<teller's actor id>`. */
export interface TellPort<S> {
  readonly key: string;
  readonly decode: (data: Json) => S | undefined;
  readonly encode: (state: S) => Json;
}

// biome-ignore lint/suspicious/noExplicitAny: a port of any state, for lists of them; ports are invariant in it
export type AnyStatePort = StatePort<any>;
// biome-ignore lint/suspicious/noExplicitAny: as AnyStatePort
export type AnyTellPort = TellPort<any>;

/** The state of one provider: what an actor wants. */
export interface Want {
  readonly port: AnyStatePort;
  readonly id: string;
}

/** Rows that an actor looks at beside the one that makes it exist: one key, all keys, or those that `where` takes. */
export interface Read {
  readonly table: AnyTable;
  readonly key?: string;
  readonly where?: (key: string) => boolean;
}

/** Everything that an actor knows when it decides. Only last good rows and states are in it. */
export interface Inputs<M> {
  /** The actor's id: the key of the row that makes it exist. */
  readonly id: string;
  readonly memory: M;
  /** The row of `table` that makes this actor exist, if it is that table's. */
  row<T extends TableSchema>(table: T): Row<T> | undefined;
  /** One row that `reads` names. */
  read<T extends TableSchema>(table: T, key: string): Row<T> | undefined;
  /** All good rows that `reads` names, by key, in key order. */
  all<T extends TableSchema>(table: T): ReadonlyMap<string, Row<T>>;
  /** Whether the table's snapshot has been read, so that an absent row means that there is none. */
  loaded(table: AnyTable): boolean;
  /**
   * Whether the table has a row that is refused and never was good since this process started, among those that `reads`
   * names: what earlier stood for its sake is then better kept than deleted.
   */
  hidesRow(table: AnyTable): boolean;
  /** What a wanted provider published last. */
  state<S>(port: StatePort<S>, id: string): S | undefined;
  /** What others told, by the teller's actor id. A farewell removes it. */
  told<S>(port: TellPort<S>): ReadonlyMap<string, S>;
  /** The row as the sink acknowledged it; `undefined` when nothing of that key stands there. */
  written(table: AnyTable, key: string): Fields | undefined;
}

/** One thing that changed, as `remember` sees it: each change once, in order, none folded into another. */
export type Change =
  /** First step of this incarnation; memory has just been read back, or is `initial`. */
  | { readonly kind: "start"; readonly restored: boolean }
  | {
      readonly kind: "row";
      readonly table: AnyTable;
      readonly key: string;
      readonly row: unknown;
      readonly before: unknown;
    }
  | { readonly kind: "state"; readonly port: AnyStatePort; readonly id: string }
  | { readonly kind: "told"; readonly port: AnyTellPort; readonly id: string }
  | { readonly kind: "written"; readonly table: AnyTable; readonly key: string }
  /** A deadline of one of the actor's waits passed, or the refresh that it asked for is due. */
  | { readonly kind: "deadline"; readonly wait: string };

/** What `remember` may draw; the draws are recorded with the step, so that it replays. */
export interface Draw {
  now(): Millis;
  uuid(): string;
}

/** Memory that survives a restart, kept in a row of ours (docs/actor-runtime.md, "memory"). */
export interface Remember<M> {
  readonly initial: M;
  /** Pure. Returns the same object when nothing is to be remembered. */
  readonly fold: (memory: M, change: Change, inputs: Inputs<M>, draw: Draw) => M;
  readonly encode: (memory: M) => Json;
  /** `undefined` for what no version of ours has written: memory then starts as `initial`. */
  readonly decode: (data: Json) => M | undefined;
}

/** A row that an actor stands for. */
export interface StandingRow {
  readonly table: AnyTable;
  /** Row key without table name. */
  readonly key: string;
  readonly fields: Fields;
  /** Fields filled with the time of writing (milliseconds since the epoch); they are outside the difference. */
  readonly stamps?: readonly string[];
  /** Written again after this long without a change, with fresh stamps. */
  readonly refresh?: Millis;
  /**
   * The row marks an edge: it is written once per value of `once` and never repaired, since others clear it.
   * It is deleted with its actor.
   */
  readonly once?: string;
}

export function standingRow<T extends TableSchema>(
  table: T,
  key: Parameters<T["formatKey"]>[0],
  row: Row<T>,
  options: Pick<StandingRow, "stamps" | "refresh" | "once"> = {},
): StandingRow {
  return { table, key: table.formatKey(key), fields: table.encode(row), ...options };
}

/** State told to an actor that never registered, with a farewell when it is no longer told. */
export interface Tell {
  readonly port: AnyTellPort;
  readonly to: { readonly type: string; readonly id: string };
  readonly state: unknown;
  readonly farewell?: unknown;
}

/** Something that an actor waits for: what `why` answers and the stuck alarm reads. */
export interface Wait {
  /** Stable name within the actor, e.g. `global config`; also the words for people. */
  readonly for: string;
  /** How long it may last before the alarm; `undefined` when somebody outside decides (an approval). */
  readonly deadline: Millis | undefined;
  /** What happens at the deadline, in words. */
  readonly then: string;
  /** Waits that take turns in waiting for one thing name it here: it is told once, until none of them stands. */
  readonly alarm?: string;
}

/** Input that was understood but is refused or doubtful: a metric, a line in `show ha` and `doctor`. */
export interface Problem {
  /** Stable machine-readable name, e.g. `ownerSwitch`. */
  readonly code: string;
  readonly severity: "warning" | "refused";
  readonly text: string;
}

export function sameProblems(a: readonly Problem[], b: readonly Problem[]): boolean {
  return a.length === b.length && a.every(({ code, text }, i) => b[i]?.code === code && b[i]?.text === text);
}

/** What an actor stands for now, and why. */
export interface Derived<P> {
  /**
   * In order: an earlier row is written before a later one, and deletes run backwards. A row that stood in the last
   * step and is not here any more is deleted.
   */
  readonly rows: readonly StandingRow[];
  /**
   * Tables of which nothing can be said for lack of input: rows of these that this actor has written (in an earlier
   * step, or before a restart, by its ledger) and that are not in `rows` stay as they are instead of being deleted.
   */
  readonly keeps?: readonly AnyTable[];
  /**
   * Tables whose rows this actor leaves to somebody who stands for them now: they stay like those of `keeps`, and should
   * it stand for one again, that row is written, whatever it wrote there before.
   */
  readonly leaves?: readonly AnyTable[];
  /** State for those who registered; it goes out after the rows of the same step are acknowledged. */
  readonly publish: P | undefined;
  readonly tells: readonly Tell[];
  readonly waits: readonly Wait[];
  readonly problems: readonly Problem[];
  /** One line: why it stands for this. */
  readonly reason: string;
  /**
   * Epoch of what lies behind the container's databases (a DPU): when it is another one, everything that any actor
   * stands for there is written again, and inputs from there are read again.
   */
  readonly sinkEpoch?: { readonly container: string; readonly epoch: number };
}

/** A complete `Derived` from the parts that are not empty. */
export function stands<P>(parts: Partial<Omit<Derived<P>, "reason">> & { readonly reason: string }): Derived<P> {
  return { rows: [], publish: undefined, tells: [], waits: [], problems: [], ...parts };
}

/**
 * An actor as a derivation: declared, not coded as a handler. It is recomputed when an input changes, and the runtime
 * performs the difference to what stood before; so order, loss and repetition of inputs do not matter. docs/actor-runtime.md.
 */
export interface ActorDefinition<M = undefined, P = never> {
  /** Resource type in its service path, e.g. `vdpu`. */
  readonly type: string;
  /** The tables whose row makes it exist; it goes with the row. The row key is its id. */
  readonly rows: readonly AnyTable[];
  /** Recomputed in each step. Rows of tables in DPU databases are read from this slot's container. */
  readonly reads?: (inputs: Inputs<M>) => readonly Read[];
  /** Recomputed in each step; the runtime registers and deregisters the difference. */
  readonly wants?: (inputs: Inputs<M>) => readonly Want[];
  /** What it accepts to be told. */
  readonly hears?: readonly AnyTellPort[];
  readonly remember?: Remember<M>;
  /** Where `publish` goes. */
  readonly publishes?: StatePort<P>;
  /** What registered actors get when this one goes; none when absent. */
  readonly farewell?: (last: P) => P;
  /** Message key of this actor's rows on their way to bridges; its id unless told otherwise. Only people read it. */
  readonly bridgeKey?: (id: string) => string;
  /** Why an id cannot be one of this type: the row is then one clear error and makes no actor. */
  readonly checkId?: (id: string) => RowError | undefined;
  readonly derive: (inputs: Inputs<M>) => Derived<P>;
}

/** A definition of any memory and state, for lists of them. */
// biome-ignore lint/suspicious/noExplicitAny: memory and state are private to each definition
export type AnyActor = ActorDefinition<any, any> | ActorDefinition<any, never>;

/** Checks types at the place of declaration. */
export function defineActor<M = undefined, P = never>(definition: ActorDefinition<M, P>): ActorDefinition<M, P> {
  return definition;
}
