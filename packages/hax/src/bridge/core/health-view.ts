import { type Fid, fidLetter, formatFid } from "../../fid.js";
import type { Note, NoteState } from "../../motr/message.js";
import { type ConfProcess, type ConfTree, processOf } from "./conf-tree.js";
import { type NotPassing, processOfServiceId, stateOf, type WatchedCheck } from "./service-watch.js";

/** What the answers of one NVEC GET are made of. */
export interface HealthView {
  readonly conf: ConfTree;
  /** Process fid (text) → stored event, as `M0_CONF_HA_PROCESS_STARTED`. */
  readonly events: ReadonlyMap<string, string>;
  /** Node → its checks, of itself and of its services. */
  readonly checks: ReadonlyMap<string, readonly WatchedCheck[]>;
  /** Drive fid (text) → the device in it. */
  readonly sdevs: ReadonlyMap<string, string>;
}

/** Why an object is said to be in a state; for people. */
export interface Judgement {
  readonly state: NoteState;
  readonly because: string;
}

/** FAILED or ONLINE, never UNKNOWN: a receiver would abort on that. */
export function judge(fid: Fid, view: HealthView): Judgement {
  const letter = fidLetter(fid);
  const online = (because: string): Judgement => ({ state: "ONLINE", because });
  const failed = (because: string): Judgement => ({ state: "FAILED", because });
  if (letter === "r" || letter === "s") {
    const process = letter === "r" ? processOf(view.conf, fid) : view.conf.owners.get(formatFid(fid));
    return process === undefined ? failed("the configuration does not have it") : judgeProcess(process, view);
  }
  const text = formatFid(fid);
  const state = view.conf.states.get(view.sdevs.get(text) ?? text);
  if (state === undefined) return online("nothing is stored about it");
  const bad = state === "failed" || state === "M0_NC_FAILED";
  return bad ? failed(`stored as ${state}`) : online(`stored as ${state}`);
}

function judgeProcess(process: ConfProcess, view: HealthView): Judgement {
  const checks = view.checks.get(process.node) ?? [];
  const node = checks.filter(({ serviceId }) => serviceId === "");
  const sick = node.find(({ status }) => status !== "passing");
  const failed = (because: string): Judgement => ({ state: "FAILED", because });
  if (node.length === 0) return failed(`Consul has no check of node ${process.node}`);
  if (sick !== undefined) return failed(`check ${sick.checkId} of node ${process.node} is ${sick.status}`);
  const text = formatFid(process.fid);
  const own = checks.filter(({ serviceId }) => serviceId !== "" && isOf(serviceId, process.fid));
  const critical = own.find(({ status }) => status === "critical");
  if (critical !== undefined) return failed(`check ${critical.checkId} is critical`);
  const event = view.events.get(text);
  if (event === "M0_CONF_HA_PROCESS_STOPPED") return failed(`its last stored event is ${event}`);
  return {
    state: "ONLINE",
    because: `node ${process.node} passes, ${event === undefined ? "no event is stored" : `its last stored event is ${event}`}`,
  };
}

function isOf(serviceId: string, process: Fid): boolean {
  const owner = processOfServiceId(serviceId);
  return owner !== undefined && owner.key === process.key;
}

/** The same objects in the same order, with their states. */
export function answerNotes(asked: readonly Note[], view: HealthView): readonly Note[] {
  return asked.map(({ fid }) => ({ fid, state: judge(fid, view).state }));
}

/** Nodes whose checks an answer needs. */
export function nodesOf(asked: readonly Note[], conf: ConfTree): readonly string[] {
  const nodes = new Set<string>();
  for (const { fid } of asked) {
    const letter = fidLetter(fid);
    const process =
      letter === "r" ? processOf(conf, fid) : letter === "s" ? conf.owners.get(formatFid(fid)) : undefined;
    if (process !== undefined) nodes.add(process.node);
  }
  return [...nodes];
}

/** Whether an answer needs to know which device is in which drive. */
export function asksForDrives(asked: readonly Note[]): boolean {
  return asked.some(({ fid }) => fidLetter(fid) === "k");
}

/** A process's state as its checks on its node say, for views of people. */
export function checkedState(process: ConfProcess, view: HealthView, notPassing: NotPassing): NoteState {
  const checks = view.checks.get(process.node) ?? [];
  return stateOf(
    checks.filter(({ serviceId }) => serviceId === "" || isOf(serviceId, process.fid)),
    notPassing,
  );
}
