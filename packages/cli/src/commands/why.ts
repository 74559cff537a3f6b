import type { ActorAnswer, StepSummary } from "@tandem/actor";
import { err, type Json, ok, type Result, systemClock } from "@tandem/base";
import { DashHaScopeConfig, DashHaScopeState, DashHaSetConfig, Dpu, RemoteDpu, TABLES, Vdpu } from "@tandem/hamgrd";
import pc from "picocolors";
import { type HamgrdPlace, Hamgrds, remoteEndpoints, type Silent, swbusEndpoint } from "../ask-hamgrds.js";
import { type CommandRun, type Failure, failed, type Io, printJson, textOption, wantsJson } from "../io.js";
import { readRecords } from "../record-files.js";
import { type Paint, plain } from "../render/ha.js";
import type { TableRow } from "../render/rows.js";
import { isObject } from "../render/values.js";
import { renderWhy, type WhyActor, type WhyAnswer, type WhyRow } from "../render/why.js";
import { findSubject, isRow, plainKey, type Subject, writersOf } from "../render/why-name.js";
import { listItems } from "../render/words.js";
import { TableReader } from "../tables.js";

/** Steps of an actor that are asked for: those that decided nothing new are left out when they are shown. */
const STEPS_ASKED = "40";
/** Actors whose steps are asked for in one answer. */
const ACTORS_MAX = 4;

/** Tables whose keys name actors, for when no hamgrd can be asked. */
const NAMING = [
  ["dpu", Dpu],
  ["dpu", RemoteDpu],
  ["vdpu", Vdpu],
  ["ha-set", DashHaSetConfig],
  ["ha-scope", DashHaScopeConfig],
] as const;

/** What is asked, what was found out, and with what. */
interface Inquiry {
  readonly name: string;
  readonly hamgrds: Hamgrds;
  readonly tables: TableReader;
  readonly io: Io;
  readonly from: string | undefined;
}

/** Actors of one hamgrd. */
interface Known {
  readonly place: HamgrdPlace;
  readonly actors: readonly ActorAnswer[];
}

/** `tandem why <name…>`. */
export const runWhy: CommandRun = async (invocation, io) => {
  const name = invocation.args.join(" ").trim();
  if (name === "") return err({ kind: "usage", message: "name a scope, a DPU, a vDPU, an HA set or a row" });
  const reader = await TableReader.open(textOption(invocation, "dbConfig"), io);
  if (!reader.ok) return reader;
  await using tables = reader.value;
  await using hamgrds = await Hamgrds.open(invocation, tables, io);
  const answer = await inquire({ name, hamgrds, tables, io, from: textOption(invocation, "from") });
  if (!answer.ok) return answer;
  if (wantsJson(invocation)) printJson(io, "why", answer.value);
  else io.print(renderWhy(answer.value, systemClock.now(), io.colours ? paint : plain));
  return ok();
};

async function inquire(inquiry: Inquiry): Promise<Result<WhyAnswer, Failure>> {
  const { name, hamgrds, tables } = inquiry;
  const silent: Silent[] = [...hamgrds.silent];
  const known: Known[] = [];
  const learn = async (places: readonly HamgrdPlace[]): Promise<void> => {
    for (const [i, page] of (await Promise.all(places.map((place) => hamgrds.actors(place, "")))).entries()) {
      if (page.ok) known.push({ place: places[i] as HamgrdPlace, actors: page.value });
      else silent.push(page.error);
    }
  };
  await learn(hamgrds.local);
  let subject = findSubject(name, await namesOf(known, tables));
  if (!subject.ok && hamgrds.local.length > 0) {
    const remotes = await hamgrds.remotes(await remoteEndpoints(tables));
    for (const remote of remotes) if (!remote.ok) silent.push(remote.error);
    await learn(remotes.flatMap((remote) => (remote.ok ? [remote.value] : [])));
    const wider = findSubject(name, await namesOf(known, tables));
    if (wider.ok) subject = wider;
  }
  if (!subject.ok) {
    const unheard = silent.map(({ who, why }) => `; ${who} does not answer: ${why}`).join("");
    return err(failed(`${subject.error}${unheard}`));
  }
  return subject.value.kind === "row"
    ? whyRow(inquiry, subject.value, known, silent)
    : whyActor(inquiry, subject.value, known, silent);
}

/** Names of actors that exist, or that a config row asks for. */
async function namesOf(known: readonly Known[], tables: TableReader): Promise<readonly string[]> {
  const names = known.flatMap(({ actors }) => actors.map(({ type, id }) => `${type}/${id}`));
  for (const [type, table] of NAMING) {
    const rows = await tables.rows(table);
    // One Redis holds them all: when it does not answer once, waiting for it again tells nothing more.
    if (!rows.ok) break;
    names.push(...rows.value.map(({ key }) => `${type}/${key.join(table.separator)}`));
  }
  return names;
}

async function whyActor(
  inquiry: Inquiry,
  { type, id }: Extract<Subject, { kind: "actor" }>,
  known: readonly Known[],
  silent: readonly Silent[],
): Promise<Result<WhyAnswer, Failure>> {
  const { hamgrds } = inquiry;
  const holders = known.flatMap(({ place, actors }) => {
    const actor = actors.find((candidate) => candidate.type === type && candidate.id === id);
    return actor === undefined ? [] : [{ place, actor }];
  });
  // The one that writes rows decides; the others only know of it.
  const sorted = [...holders].sort((a, b) => weight(b.actor) - weight(a.actor));
  const [main, ...rest] = sorted;
  const base = { name: `${type}/${id}`, found: [], recorded: [], silent };
  if (main === undefined) {
    const name = `${type}/${id}`;
    const recorded = await recordedOf(inquiry, (step) => step.actor === name);
    const found = await rowsNamed(inquiry.tables, id);
    return ok({ ...base, actors: [], others: [], found, recorded });
  }
  const actors = [await withSteps(hamgrds, main.place, main.actor, inquiry.io)];
  const others = rest.map(({ place, actor }) => ({ node: String(place.node), reason: actor.reason }));
  const peer = type === "ha-scope" ? await peerOf(inquiry, id) : undefined;
  return ok({
    ...base,
    actors,
    others,
    silent: [...silent, ...(peer !== undefined && "why" in peer ? [peer] : [])],
    ...(peer !== undefined && "actor" in peer && { peer }),
  });
}

/** How much a hamgrd has to do with an actor of its own: it writes rows, or its slot manages the DPU behind it. */
function weight({ exists, rows, waits, problems, state }: ActorAnswer): number {
  const doubts = 2 * Math.min(1, waits.length + problems.length);
  return (exists ? 1 : 0) + doubts + 4 * rows.length + (isManaged(state) ? 4 : 0);
}

/** As a DPU says of itself, or a vDPU of the one that stands for it. */
function isManaged(state: Json): boolean {
  if (!isObject(state)) return false;
  return state["is_managed"] === true || (isObject(state["dpu"]) && state["dpu"]["is_managed"] === true);
}

async function withSteps(hamgrds: Hamgrds, place: HamgrdPlace, actor: ActorAnswer, io: Io): Promise<WhyActor> {
  const question = { actor: `${actor.type}/${actor.id}`, decisions: "true", newest: "true", max: STEPS_ASKED };
  const steps = await hamgrds.steps(place, question, io.signal);
  return { node: String(place.node), actor, steps: steps.ok ? steps.value : [] };
}

/** The other side of a scope, asked on its own switch. */
async function peerOf({ hamgrds, tables }: Inquiry, scope: string): Promise<WhyActor | Silent | undefined> {
  const at = scope.indexOf(":");
  const [vdpu, setId] = [scope.slice(0, at), scope.slice(at + 1)];
  const rows = async (table: Parameters<TableReader["rows"]>[0]): Promise<readonly TableRow[]> => {
    const read = await tables.rows(table);
    return read.ok ? read.value : [];
  };
  const named = (all: readonly TableRow[], key: string | undefined) => all.find((row) => row.key.join("|") === key);
  const config = named(await rows(DashHaScopeConfig), `${vdpu}|${setId}`);
  const set = named(await rows(DashHaSetConfig), config?.fields["ha_set_id"] || setId);
  const peer = listItems(set?.fields["vdpu_ids"]).find((member) => member !== vdpu);
  if (peer === undefined) return undefined;
  const dpu = listItems(named(await rows(Vdpu), peer)?.fields["main_dpu_ids"])[0];
  const remote = named(await rows(RemoteDpu), dpu)?.fields;
  const endpoint = remote && swbusEndpoint(remote);
  if (endpoint === undefined) return undefined;
  const [place] = await hamgrds.remotes([endpoint]);
  if (place === undefined) return undefined;
  if (!place.ok) return { who: `the peer of ${scope}`, why: place.error.why };
  const page = await hamgrds.actors(place.value, `ha-scope/${peer}:`);
  if (!page.ok) return { who: `the peer of ${scope}, ${page.error.who}`, why: page.error.why };
  const actor = page.value.find(({ id }) => id === `${peer}:${setId}`);
  if (actor === undefined) return { who: `the peer of ${scope}`, why: `${place.value.node} has no scope of ${peer}` };
  return { node: String(place.value.node), actor, steps: [] };
}

async function whyRow(
  inquiry: Inquiry,
  subject: Extract<Subject, { kind: "row" }>,
  known: readonly Known[],
  silent: readonly Silent[],
): Promise<Result<WhyAnswer, Failure>> {
  const { hamgrds, tables, io, name } = inquiry;
  const holders = known.flatMap(({ place, actors }) =>
    actors.flatMap((actor) => {
      const state = actor.rows.find(({ row }) => isRow(subject, row));
      return state === undefined ? [] : [{ place, actor, state }];
    }),
  );
  const by = await Promise.all(
    holders.slice(0, ACTORS_MAX).map(async ({ place, actor, state }) => {
      return { who: await withSteps(hamgrds, place, actor, io), state };
    }),
  );
  const writers = writersOf(subject.tables);
  const lookup = await lookUp(tables, subject);
  const row = holders[0]?.state.row ?? lookup?.row ?? `${subject.tables[0]}|${subject.key}`;
  const couldBy = by.length > 0 ? [] : await nonWriters(inquiry, subject, writers, known);
  const readBy = known.flatMap(({ place, actors }) =>
    actors
      .filter(({ inputs }) => inputs.rows.some((input) => isRow(subject, input)))
      .map(({ type, id }) => ({ node: String(place.node), actor: `${type}/${id}` })),
  );
  const whyRow: WhyRow = {
    row,
    ...(lookup !== undefined && { fields: lookup.fields }),
    ...{ by, couldBy, readBy, isInput: writers.length === 0 },
  };
  const heard = known.length > 0;
  const recorded = heard
    ? []
    : await recordedOf(inquiry, (step) => step.rows.some((moment) => isRow(subject, moment.row)));
  return ok({ name, actors: by.map(({ who }) => who), others: [], row: whyRow, found: [], recorded, silent });
}

/** Actors that write such rows and not this one: those first that have to do with its key, each with what it once did. */
async function nonWriters(
  { hamgrds, io }: Inquiry,
  subject: Extract<Subject, { kind: "row" }>,
  types: readonly string[],
  known: readonly Known[],
): Promise<readonly WhyActor[]> {
  const key = plainKey(subject.key);
  const related = ({ id, inputs }: ActorAnswer): number =>
    plainKey(id) === key || key.includes(plainKey(id)) || inputs.rows.some((row) => plainKey(row).includes(key))
      ? 1
      : 0;
  const candidates = known
    .flatMap(({ place, actors }) => actors.map((actor) => ({ place, actor })))
    .filter(({ actor }) => types.includes(actor.type))
    .sort((a, b) => related(b.actor) - related(a.actor) || weight(b.actor) - weight(a.actor));
  return Promise.all(
    candidates.slice(0, ACTORS_MAX).map(async ({ place, actor }) => {
      const question = { actor: `${actor.type}/${actor.id}`, row: subject.key, newest: "true", max: "3" };
      const steps = await hamgrds.steps(place, question, io.signal);
      const telling = steps.ok ? steps.value.filter((step) => step.rows.some(({ row }) => isRow(subject, row))) : [];
      return { node: String(place.node), actor, steps: telling };
    }),
  );
}

/** The row as the first database that has it holds it; `null` fields when none does, `undefined` when none answers. */
async function lookUp(
  tables: TableReader,
  subject: Extract<Subject, { kind: "row" }>,
): Promise<Pick<Required<WhyRow>, "row" | "fields"> | undefined> {
  let answered = false;
  for (const table of Object.values(TABLES).flat()) {
    if (!subject.tables.includes(table.id)) continue;
    for (const container of tables.containersOf(table.db)) {
      const rows = await tables.rows(table, container);
      if (!rows.ok) continue;
      answered = true;
      const found = rows.value.find(({ key }) => plainKey(key.join("|")) === plainKey(subject.key));
      if (found !== undefined) return { row: `${table.id}|${found.key.join(table.separator)}`, fields: found.fields };
    }
  }
  return answered ? { row: `${subject.tables[0]}|${subject.key}`, fields: null } : undefined;
}

/** Rows of configuration and state whose key is, or ends with, a name. */
async function rowsNamed(tables: TableReader, id: string): Promise<WhyAnswer["found"]> {
  const found: { row: string; fields: TableRow["fields"] }[] = [];
  for (const table of [...NAMING.map(([, named]) => named), DashHaScopeState]) {
    const rows = await tables.rows(table);
    if (!rows.ok) continue;
    for (const { key, fields } of rows.value) {
      if (plainKey(key.join("|")) === plainKey(id))
        found.push({ row: `${table.id}|${key.join(table.separator)}`, fields });
    }
  }
  return found;
}

/** Steps that record files hold, where no hamgrd can be asked. */
async function recordedOf(
  { from, io }: Inquiry,
  select: (step: StepSummary) => boolean,
): Promise<readonly StepSummary[]> {
  const read = await readRecords(from);
  if (!read.ok) {
    if (from !== undefined) io.complain(`warning: ${read.error}`);
    return [];
  }
  return read.value.flatMap(({ steps }) => steps).filter(select);
}

const colours = pc.createColors(true);
const paint: Paint = (tone, text) => ({ good: colours.green, bad: colours.red, warn: colours.yellow })[tone](text);
