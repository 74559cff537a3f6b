import type { ActorAnswer, StepSummary } from "@tandem/actor";
import { err, ok, type Result } from "@tandem/base";
import { type AskError, type RecordsPage, RemoteDpu } from "@tandem/hamgrd";
import { describeQueryError, type ServicePath } from "@tandem/swbus/edge";
import { type Failure, type Invocation, type Io, numberOption } from "./io.js";
import { ANSWER_WITHIN, readSlots, SlotSession, switchAccess } from "./switch-slots.js";
import { TableReader } from "./tables.js";

/** Hamgrds of other switches that are asked at once. */
const AT_ONCE = 16;

/** A hamgrd that can be asked. */
export interface HamgrdPlace {
  /** Node of its slot, e.g. `region-a.cluster-a.sw0-dpu0`. */
  readonly node: ServicePath;
  readonly session: SlotSession;
}

/** Somebody who did not answer, and why in words. */
export interface Silent {
  readonly who: string;
  readonly why: string;
}

/** Connections to the hamgrds of this switch, and through them to those of the others. */
export class Hamgrds implements AsyncDisposable {
  /** Hamgrds of this switch whose swbusd accepts us. */
  readonly local: readonly HamgrdPlace[];
  /** Slots of this switch that cannot be asked. */
  readonly silent: readonly Silent[];

  private constructor(local: readonly HamgrdPlace[], silent: readonly Silent[]) {
    this.local = local;
    this.silent = silent;
  }

  /** As the options say where, with the switch's tables; who cannot be asked is complained about. */
  static async openWithTables(
    invocation: Invocation,
    io: Io,
  ): Promise<Result<AsyncDisposable & { readonly tables: TableReader; readonly hamgrds: Hamgrds }, Failure>> {
    const tables = await TableReader.open(switchAccess(invocation).dbConfig, io);
    if (!tables.ok) return tables;
    const hamgrds = await Hamgrds.open(invocation, tables.value, io);
    for (const { who, why } of hamgrds.silent) io.complain(`warning: ${who}: ${why}`);
    const close = async (): Promise<void> => {
      await hamgrds[Symbol.asyncDispose]();
      await tables.value[Symbol.asyncDispose]();
    };
    return ok({ tables: tables.value, hamgrds, [Symbol.asyncDispose]: close });
  }

  /** Of the slot that the options name, else of every slot that CONFIG_DB's DPU rows name. */
  static async open(invocation: Invocation, tables: TableReader, io: Pick<Io, "env">): Promise<Hamgrds> {
    const only = numberOption(invocation, "slotId", -1);
    const known = await readSlots(tables);
    const slots = only >= 0 ? [only] : known.ok ? [...new Set(known.value.map(({ slot }) => slot))] : [];
    const local: HamgrdPlace[] = [];
    const silent: Silent[] = known.ok || only >= 0 ? [] : [{ who: "CONFIG_DB", why: messageOf(known.error) }];
    const access = switchAccess(invocation);
    const opened = await Promise.all(slots.map((slot) => SlotSession.open(slot, access, io, ANSWER_WITHIN)));
    for (const [i, session] of opened.entries()) {
      if (session.ok) local.push({ node: session.value.node, session: session.value });
      else silent.push({ who: `slot ${slots[i]}`, why: session.error.text });
    }
    return new Hamgrds(local, silent);
  }

  /** The actors whose name has a part; all for an empty one. */
  async actors({ node, session }: HamgrdPlace, name: string): Promise<Result<readonly ActorAnswer[], Silent>> {
    const answer = await session.questions.actors(node, name);
    return answer.ok ? answer : err(silentBy(node, answer.error));
  }

  /** Steps, oldest first; as many pages as it takes, at most what a process keeps. */
  async steps(
    place: HamgrdPlace,
    question: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Result<readonly StepSummary[], Silent>> {
    const steps: StepSummary[] = [];
    for await (const page of this.pages(place, question, signal)) {
      if (!page.ok) return page;
      steps.push(...page.value.records);
    }
    return ok(steps);
  }

  /** Pages of records until the last one, or until one cannot be had. */
  async *pages(
    { node, session }: HamgrdPlace,
    question: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): AsyncGenerator<Result<RecordsPage, Silent>> {
    let after = -1;
    while (!signal.aborted) {
      const page = await session.questions.records(node, { ...question, ...(after >= 0 && { after: String(after) }) });
      if (!page.ok) {
        yield err(silentBy(node, page.error));
        return;
      }
      yield page;
      const { next } = page.value;
      if (next === null || next <= after) return;
      after = next;
    }
  }

  /** Hamgrds of other switches, by the endpoints that their swbusds listen at. */
  async remotes(endpoints: readonly string[]): Promise<readonly Result<HamgrdPlace, Silent>[]> {
    const session = this.local[0]?.session;
    if (session === undefined) return [];
    const found: Result<HamgrdPlace, Silent>[] = [];
    for (let i = 0; i < endpoints.length; i += AT_ONCE) {
      const some = endpoints.slice(i, i + AT_ONCE).map(async (endpoint): Promise<Result<HamgrdPlace, Silent>> => {
        const node = await session.resolve(endpoint, ANSWER_WITHIN);
        if (node.ok) return ok({ node: node.value, session });
        return err({ who: `the swbusd at ${endpoint}`, why: describeQueryError(node.error) });
      });
      found.push(...(await Promise.all(some)));
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.local.map(({ session }) => session[Symbol.asyncDispose]()));
  }
}

function silentBy(node: ServicePath, error: AskError): Silent {
  return { who: `the hamgrd of ${node}`, why: error.text };
}

function messageOf(failure: Failure): string {
  return failure.kind === "told" ? "it cannot be read" : failure.message;
}

/** `ip:port` of every swbusd of other switches that CONFIG_DB names, each once. */
export async function remoteEndpoints(tables: TableReader): Promise<readonly string[]> {
  const rows = await tables.rows(RemoteDpu);
  if (!rows.ok) return [];
  const endpoints = rows.value.flatMap(({ fields }) => {
    const endpoint = swbusEndpoint(fields);
    return endpoint === undefined ? [] : [endpoint];
  });
  return [...new Set(endpoints)];
}

/** Where the swbusd of a row of `REMOTE_DPU` listens. */
export function swbusEndpoint(fields: Readonly<Record<string, string>>): string | undefined {
  const address = fields["npu_ipv4"] ?? (fields["npu_ipv6"] && `[${fields["npu_ipv6"]}]`);
  return address && fields["swbus_port"] ? `${address}:${fields["swbus_port"]}` : undefined;
}
