import { type Fid, fidLetter, formatFid, parseFid } from "../../fid.js";
import type { Note, NoteState } from "../../motr/message.js";
import { type ConfTree, type Pair, processOf, stateIn } from "./conf-tree.js";

/** A drive with the stored state of its device. */
interface Drive {
  readonly drive: Fid;
  readonly stored: string | undefined;
  readonly controller: Fid;
}

/** What stands around processes, by fid as text: read from both trees of `m0conf/`. */
export interface Surroundings {
  readonly drivesOf: ReadonlyMap<string, readonly Drive[]>;
  readonly nodeOf: ReadonlyMap<string, Fid>;
  /** Processes of a node, and those with a drive behind a controller. */
  readonly processesOn: ReadonlyMap<string, readonly Fid[]>;
  /** Enclosures of a node. */
  readonly enclosuresOf: ReadonlyMap<string, readonly Fid[]>;
}

const DRIVE = /^m0conf\/sites\/[^/]+\/racks\/[^/]+\/encls\/[^/]+\/ctrls\/([^/]+)\/drives\/([^/]+)$/;
const ENCLOSURE = /^m0conf\/sites\/[^/]+\/racks\/[^/]+\/encls\/([^/]+)$/;
const PROCESS = /^m0conf\/nodes\/([^/]+)\/processes\/([^/]+)(?:\/services\/[^/]+\/sdevs\/([^/]+))?$/;

/** What cannot be read is not there. */
export function readSurroundings(pairs: readonly Pair[]): Surroundings {
  const inDrive = new Map<string, { readonly drive: Fid; readonly controller: Fid }>();
  const enclosuresOf = new Map<string, Fid[]>();
  for (const { key, text } of pairs) {
    const [, controller = "", drive = ""] = DRIVE.exec(key) ?? [];
    const [at, of, sdev] = [fidOf(drive), fidOf(controller), memberFid(text, "sdev")];
    if (at !== undefined && of !== undefined && sdev !== undefined)
      inDrive.set(formatFid(sdev), { drive: at, controller: of });
    const [enclosure, node] = [fidOf(ENCLOSURE.exec(key)?.[1] ?? ""), memberFid(text, "node")];
    if (enclosure !== undefined && node !== undefined) add(enclosuresOf, formatFid(node), enclosure);
  }
  const drivesOf = new Map<string, Drive[]>();
  const nodeOf = new Map<string, Fid>();
  const processesOn = new Map<string, Map<string, Fid>>();
  const standsOn = (at: Fid, process: Fid): void => {
    const on = processesOn.get(formatFid(at)) ?? new Map<string, Fid>();
    processesOn.set(formatFid(at), on.set(formatFid(process), process));
  };
  for (const { key, text } of pairs) {
    const [, nodeText = "", processText = "", sdevText] = PROCESS.exec(key) ?? [];
    const [node, process] = [fidOf(nodeText), fidOf(processText)];
    if (node === undefined || process === undefined || fidLetter(node) !== "n") continue;
    nodeOf.set(formatFid(process), node);
    standsOn(node, process);
    const sdev = sdevText === undefined ? undefined : fidOf(sdevText);
    const place = sdev === undefined ? undefined : inDrive.get(formatFid(sdev));
    if (place === undefined) continue;
    add(drivesOf, formatFid(process), { ...place, stored: stateIn(text) });
    standsOn(place.controller, process);
  }
  const on = new Map([...processesOn].map(([at, processes]) => [at, [...processes.values()]]));
  return { drivesOf, nodeOf, processesOn: on, enclosuresOf };
}

/**
 * What is told with the processes of `notes`: their drives, and what they share. A drive is as its process while that
 * fails, else as it is stored. A controller, a node or an enclosure fails only once all the processes that stand on it do.
 */
export function surroundingNotes(
  notes: readonly Note[],
  around: Surroundings,
  conf: ConfTree,
  stateOf: (process: Fid) => NoteState | undefined,
): readonly Note[] {
  const drives = new Map<string, Note>();
  const [controllers, nodes, enclosures] = [new Map<string, Note>(), new Map<string, Note>(), new Map<string, Note>()];
  const shared = (into: Map<string, Note>, fid: Fid, state: NoteState, on: readonly Fid[]): void => {
    const text = formatFid(fid);
    if (into.get(text)?.state === state) return;
    const stands = on.some((process) => stateOf(process) === "ONLINE");
    into.set(text, { fid, state: stands ? "ONLINE" : state });
  };
  const on = (at: Fid): readonly Fid[] => around.processesOn.get(formatFid(at)) ?? [];
  for (const { fid, state } of notes) {
    const text = formatFid(fid);
    const own = around.drivesOf.get(text) ?? [];
    for (const { drive, stored } of own)
      drives.set(formatFid(drive), { fid: drive, state: state === "ONLINE" ? driveState(stored) : state });
    for (const { controller } of own) shared(controllers, controller, state, on(controller));
    const node = around.nodeOf.get(text);
    if (node === undefined) continue;
    const servers = on(node).filter((each) => processOf(conf, each)?.services.some(({ name }) => name === "ios"));
    shared(nodes, node, state, servers);
    for (const enclosure of around.enclosuresOf.get(formatFid(node)) ?? [])
      shared(enclosures, enclosure, state, servers);
  }
  return [...drives.values(), ...controllers.values(), ...nodes.values(), ...enclosures.values()];
}

function driveState(stored: string | undefined): NoteState {
  const states: Readonly<Record<string, NoteState>> = {
    ...{ failed: "FAILED", offline: "TRANSIENT", repairing: "REPAIR", repaired: "REPAIRED", rebalancing: "REBALANCE" },
  };
  return states[stored ?? ""] ?? "ONLINE";
}

function memberFid(text: string, name: string): Fid | undefined {
  try {
    const value = (JSON.parse(text) as Readonly<Record<string, unknown>> | null)?.[name];
    return typeof value === "string" ? fidOf(value) : undefined;
  } catch {
    return undefined;
  }
}

function fidOf(text: string): Fid | undefined {
  const fid = text.includes(":") ? parseFid(text) : undefined;
  return fid?.ok === true ? fid.value : undefined;
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
