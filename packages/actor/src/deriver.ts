import { type Clock, type Json, type Millis, type Random, seconds } from "@tandem/base";
import type { AnyTable } from "@tandem/swss";
import { ActorInputs } from "./actor-inputs.js";
import type { Book } from "./book.js";
import { type AnyActor, type Change, type Derived, type Draw, stands, type Wait } from "./define-actor.js";
import type { Mail } from "./mailbox.js";
import type { Reads } from "./reads.js";
import { AskedLog, type StepInputs } from "./step-inputs.js";
import type { Wants } from "./wants.js";

/** How long the first step waits for the tables that it reads. */
const READ_GRACE = seconds(2);
const READING: Wait = { for: "its tables", deadline: READ_GRACE, then: "go on without those that do not answer" };
/** Rounds of reads → remember → reads within one step. */
const LOOK_ROUNDS_MAX = 8;

const NOTHING: Derived<never> = stands({ reason: "it does not exist" });
const READ_FIRST: Derived<never> = stands({ reason: "its tables are being read", waits: [READING] });

export interface DeriverOptions {
  readonly definition: AnyActor;
  readonly id: string;
  readonly reads: Reads;
  readonly wants: Wants;
  readonly book: Book;
  readonly clock: Clock;
  readonly random: Random;
  readonly loaded: (table: AnyTable) => boolean;
  /** Memory that an earlier process has left, as JSON text. */
  readonly memory: string | undefined;
  readonly onBegin: (incarnation: number) => void;
}

/** What one step saw and decided. */
export interface Decision {
  readonly derived: Derived<unknown>;
  readonly changes: readonly Change[];
  readonly draws: readonly (Millis | string)[];
  /** Memory to be persisted, as JSON text; `undefined` when there is none. */
  readonly memory: string | undefined;
  /** An incarnation ended in it, whether or not the next one began. */
  readonly ended: boolean;
  /** What it was decided from, for the record. */
  readonly from: Pick<StepInputs, "memory" | "restored" | "unseen" | "ends" | "by">;
}

const NONE: readonly number[] = [];
/** Steps between two looks for answers that nobody asks for any more. */
const PRUNE_EVERY = 64;

/**
 * Lets a definition remember and derive: the incarnations of one actor, their memory, and everything they know. It
 * decides and does nothing; whatever the definition throws passes through.
 */
export class Deriver {
  /** What others told, by port key and teller. Outlives incarnations: tellers do not repeat themselves. */
  readonly told = new Map<string, Map<string, unknown>>();
  readonly inputs: ActorInputs;
  readonly log = new AskedLog();
  readonly #options: DeriverOptions;
  /** The rows that make it exist, by table id. */
  readonly #rows = new Map<string, unknown>();
  readonly #draw: Draw;
  readonly #bornAt: Millis;
  #incarnation = 0;
  #begun = false;
  #derivedOnce = false;
  #ended = false;
  #memory: unknown;
  #encoded: { readonly memory: unknown; readonly text: string } | undefined;
  /** Memory that this incarnation may start from. */
  #kept: string | undefined;
  #draws: (Millis | string)[] = [];
  #steps = 0;
  /** Of the step under way. */
  #restored: Json | undefined;
  #unseen = NONE;
  #ends = NONE;

  constructor(options: DeriverOptions) {
    const { id, reads, wants, book, clock, random, loaded } = options;
    this.#options = options;
    this.#bornAt = clock.monotonic();
    this.#kept = options.memory;
    this.#draw = { now: () => this.#drew(clock.now()), uuid: () => this.#drew(random.uuid()) };
    const memory = (): unknown => this.#memory;
    this.inputs = new ActorInputs({
      id,
      memory,
      rows: this.#rows,
      reads,
      wants,
      told: this.told,
      book,
      loaded,
      log: this.log,
    });
  }

  /** Whether a row makes it exist. */
  get exists(): boolean {
    return this.#rows.size > 0;
  }

  /** Whether its present incarnation has taken a step since the process, or it itself, started. */
  get begun(): boolean {
    return this.#begun;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get memory(): unknown {
    return this.#memory;
  }

  isOwnRow(table: AnyTable, key: string): boolean {
    return key === this.#options.id && this.#options.definition.rows.some(({ id }) => id === table.id);
  }

  /** One step over all that has arrived. */
  decide(mail: readonly Mail[]): Decision {
    const changes: Change[] = [];
    this.#draws = [];
    this.#restored = undefined;
    this.#unseen = NONE;
    this.#ends = NONE;
    this.log.begin();
    if (this.#steps++ % PRUNE_EVERY === 0) this.log.prune();
    const before = this.#memory;
    for (const letter of mail) this.#take(letter, changes);
    const derived = this.exists ? this.#derive(changes) : NOTHING;
    const ended = this.#ended;
    this.#ended = false;
    const by = derived === NOTHING ? "nothing" : derived === READ_FIRST ? "reading" : "definition";
    const from = { memory: before, restored: this.#restored, unseen: this.#unseen, ends: this.#ends, by } as const;
    return { derived, changes, draws: this.#draws, memory: this.#memoryText(), ended, from };
  }

  /** The memory is in Redis: a restart goes on from there. */
  memoryStored(text: string | undefined): void {
    this.#kept = text;
  }

  /** It threw: the next step starts again from rows and stored memory. */
  restart(): void {
    this.#begun = false;
    this.#encoded = undefined;
    this.#options.reads.clear();
  }

  #memoryText(): string | undefined {
    const { remember } = this.#options.definition;
    if (!this.exists || remember === undefined) return undefined;
    // What everybody begins with needs no row: of the actors of a large cluster, most never learn anything.
    if (this.#memory === remember.initial && this.#kept === undefined) return undefined;
    if (this.#encoded === undefined || this.#encoded.memory !== this.#memory) {
      this.#encoded = { memory: this.#memory, text: JSON.stringify(remember.encode(this.#memory)) };
    }
    return this.#encoded.text;
  }

  #derive(changes: Change[]): Derived<unknown> {
    const { definition, reads, clock } = this.#options;
    if (!this.#begun) this.#begin(changes, false);
    for (let round = 0; round < LOOK_ROUNDS_MAX; round++) {
      const seen = reads.update(definition.reads?.(this.inputs) ?? []);
      if (seen.length === 0) break;
      for (const { table, key, row } of seen) {
        if (!this.isOwnRow(table, key)) this.#fold({ kind: "row", table, key, row, before: undefined }, changes);
      }
    }
    // What has not been read is not absent: the first step waits for it, if the databases answer soon.
    if (!this.#derivedOnce && !reads.loaded && clock.monotonic() < this.#bornAt + READ_GRACE) {
      return READ_FIRST;
    }
    this.#derivedOnce = true;
    return definition.derive(this.inputs);
  }

  #take(mail: Mail, changes: Change[]): void {
    const { change } = mail;
    const state = "state" in mail ? mail.state : undefined;
    if (change.kind === "row" && this.isOwnRow(change.table, change.key)) {
      this.#takeOwnRow(change, changes);
      return;
    }
    if (change.kind === "told") this.#hear(change.id, change.port.key, "state" in mail, state);
    if (change.kind === "state" && !this.#options.wants.set(change.port, change.id, state)) return;
    this.#fold(change, changes);
  }

  #takeOwnRow(change: Extract<Change, { kind: "row" }>, changes: Change[]): void {
    const existed = this.exists;
    if (change.row === undefined) this.#rows.delete(change.table.id);
    else this.#rows.set(change.table.id, change.row);
    if (!existed && this.exists) this.#begin(changes, true);
    else this.#fold(change, changes);
    if (existed && !this.exists) this.#end(changes.length);
  }

  /** An incarnation begins, or goes on after a restart. */
  #begin(changes: Change[], isNew: boolean): void {
    const { definition, id, onBegin } = this.#options;
    this.#begun = true;
    if (isNew) {
      this.#incarnation += 1;
      onBegin(this.#incarnation);
    }
    const kept = this.#kept === undefined ? undefined : parseJson(this.#kept);
    const restored: unknown = kept === undefined ? undefined : definition.remember?.decode(kept);
    this.#memory = restored ?? definition.remember?.initial;
    this.#restored = restored === undefined ? undefined : kept;
    this.#fold({ kind: "start", restored: restored !== undefined }, changes);
    for (const table of definition.rows) {
      const row = this.#rows.get(table.id);
      if (row !== undefined) this.#fold({ kind: "row", table, key: id, row, before: undefined }, changes);
    }
  }

  /** The incarnation ends: its memory goes; what others told stays for the next one. */
  #end(changes: number): void {
    this.#ends = [...this.#ends, changes];
    this.#begun = false;
    this.#ended = true;
    this.#memory = undefined;
    this.#kept = undefined;
    this.#encoded = undefined;
    this.#options.reads.clear();
  }

  #fold(change: Change, changes: Change[]): void {
    changes.push(change);
    const { remember } = this.#options.definition;
    if (!this.#begun) this.#unseen = [...this.#unseen, changes.length - 1];
    else if (remember !== undefined) this.#memory = remember.fold(this.#memory, change, this.inputs, this.#draw);
    this.log.remembered();
  }

  #hear(id: string, key: string, present: boolean, state: unknown): void {
    // A map of its own for each state of things: records keep the earlier ones.
    const tellers = new Map(this.told.get(key));
    if (present) tellers.set(id, state);
    else tellers.delete(id);
    this.told.set(key, tellers);
  }

  #drew<T extends Millis | string>(value: T): T {
    this.#draws.push(value);
    return value;
  }
}

/** Memory that nobody of ours has written counts as none. */
function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
