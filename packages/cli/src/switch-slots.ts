import { err, type Millis, ok, type Result, seconds } from "@tandem/base";
import { Dpu, DpuState, HamgrdQuestions } from "@tandem/hamgrd";
import {
  describeQueryError,
  type QueryError,
  type ServicePath,
  type SimpleClient,
  SwbusErrorCode,
} from "@tandem/swbus/edge";
import { BusSession } from "./bus-session.js";
import { type Failure, type Invocation, type Io, textOption } from "./io.js";
import type { TableRow } from "./render/rows.js";
import type { TableReader } from "./tables.js";

/** How long a swbusd or hamgrd of this machine may take to answer. */
export const ANSWER_WITHIN: Millis = seconds(3);

/** One DPU slot of this switch. */
export interface SwitchSlot {
  readonly slot: number;
  /** Row key of its DPU. */
  readonly dpu: string;
  readonly row: TableRow;
  /** What pmon says of its planes. */
  readonly planes: Planes;
}

export type Plane = "up" | "down" | "unknown";
export interface Planes {
  readonly midplane: Plane;
  readonly control: Plane;
  readonly data: Plane;
}

/** Slots of the `DPU` rows, in their order; rows without a usable `dpu_id` have none. */
export function slotsOf(dpus: readonly TableRow[], states: readonly TableRow[]): readonly SwitchSlot[] {
  return dpus
    .flatMap((row) => {
      const id = row.fields["dpu_id"] ?? "";
      if (!/^\d{1,3}$/.test(id)) return [];
      const slot = Number(id);
      const state = states.find(({ key }) => new RegExp(`^[a-z]{3}0*${slot}$`, "i").test(key[0] ?? ""));
      return [{ slot, dpu: row.key[0] ?? "", row, planes: planesOf(state?.fields ?? {}) }];
    })
    .sort((a, b) => a.slot - b.slot);
}

export function planesOf(fields: Readonly<Record<string, string>>): Planes {
  const plane = (name: string): Plane => {
    const text = (fields[`dpu_${name}_state`] ?? "").toLowerCase();
    return text === "up" || text === "down" ? text : "unknown";
  };
  return { midplane: plane("midplane_link"), control: plane("control_plane"), data: plane("data_plane") };
}

/** Why a DPU counts as down: one of the two planes without which nothing of it answers. */
export function downReason({ midplane, control }: Planes): string | undefined {
  if (midplane === "down") return "midplane down";
  return control === "down" ? "control plane down" : undefined;
}

export async function readSlots(tables: TableReader): Promise<Result<readonly SwitchSlot[], Failure>> {
  const dpus = await tables.rows(Dpu);
  if (!dpus.ok) return dpus;
  const states = await tables.rows(DpuState);
  return states.ok ? ok(slotsOf(dpus.value, states.value)) : states;
}

/** Where a switch's databases and the certificates of its bus are, when not at their usual places. */
export interface SwitchAccess {
  readonly dbConfig: string | undefined;
  readonly busSecurity: string | undefined;
}

/** As the options say. */
export function switchAccess(invocation: Invocation): SwitchAccess {
  return { dbConfig: textOption(invocation, "dbConfig"), busSecurity: textOption(invocation, "busSecurity") };
}

/** What is wrong with a slot's configuration is told by whoever lists its faults. */
const quiet = (): void => {};

/** Why there is no session with a slot's swbusd, in one line. */
export interface Unopened {
  /** It was asked and did not take us; else nobody knows how it does: what is needed to ask it cannot be had. */
  readonly asked: boolean;
  readonly text: string;
}

function failureText(error: Failure): string {
  return error.kind === "told" ? "not connected" : error.message;
}

/** The bus as one slot reaches it: its swbusd, and the hamgrds behind that. */
export class SlotSession implements AsyncDisposable {
  readonly #session: BusSession;
  readonly client: SimpleClient;
  readonly questions: HamgrdQuestions;

  private constructor(session: BusSession, within: Millis) {
    this.#session = session;
    this.client = session.client("ask");
    this.questions = new HamgrdQuestions(this.client, within);
  }

  /** Fails when the slot's swbusd does not take us in time, or cannot even be asked. Nothing is printed. */
  static async open(
    slot: number,
    access: SwitchAccess,
    { env }: Pick<Io, "env">,
    within: Millis = ANSWER_WITHIN,
  ): Promise<Result<SlotSession, Unopened>> {
    const way = await BusSession.prepare({ ...access, slot, configFile: undefined }, { env, complain: quiet });
    if (!way.ok) return err({ asked: false, text: failureText(way.error) });
    const opened = await BusSession.connect(way.value, within);
    return opened.ok
      ? ok(new SlotSession(opened.value, within))
      : err({ asked: true, text: failureText(opened.error) });
  }

  /** The slot's own swbusd. */
  get node(): ServicePath {
    return this.#session.node;
  }

  /** A path as text; a relative one starts at `node`, by default the slot's own swbusd. */
  path(text: string, node?: ServicePath): ServicePath {
    return this.#session.destination(text, node);
  }

  resolve(endpoint: string, within: Millis): ReturnType<BusSession["resolve"]> {
    return this.#session.resolve(endpoint, within);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client[Symbol.dispose]();
    await this.#session[Symbol.asyncDispose]();
  }
}

/** Sessions of several slots, each opened once, until disposed. */
export class SlotSessions implements AsyncDisposable {
  readonly #access: SwitchAccess;
  readonly #io: Pick<Io, "env">;
  readonly #within: Millis;
  readonly #opened = new Map<number, Promise<Result<SlotSession, Unopened>>>();

  constructor(access: SwitchAccess, io: Pick<Io, "env">, within: Millis = ANSWER_WITHIN) {
    this.#access = access;
    this.#io = io;
    this.#within = within;
  }

  open(slot: number): Promise<Result<SlotSession, Unopened>> {
    const known = this.#opened.get(slot);
    if (known !== undefined) return known;
    const opened = SlotSession.open(slot, this.#access, this.#io, this.#within);
    this.#opened.set(slot, opened);
    return opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const opened of this.#opened.values()) {
      const session = await opened;
      if (session.ok) await session.value[Symbol.asyncDispose]();
    }
  }
}

/** Why the node at an address is not known, in words. */
export function describeUnresolved(error: QueryError): string {
  const unconnected = error.kind === "answered" && error.code === SwbusErrorCode.INVALID_DESTINATION;
  return unconnected ? "our swbusd has no connection to it" : describeQueryError(error);
}
