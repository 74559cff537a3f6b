import { allOk, err, ok, type Result } from "@tandem/base";
import { type Fid, fidLetter, formatFid, parseFid } from "../../fid.js";
import { NOTES_MAX, type Note, type NoteState } from "../../motr/message.js";
import { type ConfTree, decimalKey, processFid, processOf } from "./conf-tree.js";

/** A check of Consul's; `serviceId` is empty for one of the node. */
export interface WatchedCheck {
  readonly checkId: string;
  readonly status: string;
  readonly serviceId: string;
}

/** One element of a service watch. */
export interface WatchedService {
  readonly node: string;
  readonly process: Fid;
  readonly checks: readonly WatchedCheck[];
}

/** All instances of one service, as a watch tells them. */
export interface ServiceSnapshot {
  readonly service: string;
  readonly members: readonly WatchedService[];
}

/**
 * What a check that does not pass makes of a process: `failed` always FAILED; `graded` FAILED for a critical check or a
 * lost node, TRANSIENT for a warning; `transient` always TRANSIENT.
 */
export type NotPassing = "failed" | "graded" | "transient";

/** What is told with a process: nothing, its services, or its drives, controllers, node and enclosures too. */
export type Expansion = "processes" | "services" | "tree";

/** Elements of one body. */
const MEMBERS_MAX = 100_000;

/** Reads a watch's body. `null` and an empty array are nothing to tell; one wrong element refuses the whole. */
export function readServiceWatch(body: unknown): Result<ServiceSnapshot | undefined, string> {
  if (body === null) return ok(undefined);
  if (!Array.isArray(body))
    return err("expected an array of {Node, Service, Checks}, as a watch of type service posts");
  if (body.length > MEMBERS_MAX) return err(`${body.length} elements; at most ${MEMBERS_MAX} are read`);
  if (body.length === 0) return ok(undefined);
  const members = allOk(body.map((element, index) => readMember(element, index)));
  if (!members.ok) return members;
  const service = text(member(member(body[0], "Service"), "Service")) ?? "";
  return ok({ service, members: members.value });
}

function readMember(element: unknown, index: number): Result<WatchedService, string> {
  const wrong = (what: string): Result<never, string> => err(`element ${index}: ${what}`);
  const id = text(member(member(element, "Service"), "ID"));
  if (id === undefined) return wrong("expected a text at Service.ID");
  const process = processOfServiceId(id);
  if (process === undefined)
    return wrong(`service id ${JSON.stringify(id.slice(0, 60))} is neither a decimal fid key nor a process fid`);
  const node = text(member(member(element, "Node"), "Node")) ?? "";
  const checks = member(element, "Checks") ?? [];
  if (!Array.isArray(checks)) return wrong("expected an array at Checks");
  const read: WatchedCheck[] = [];
  for (const check of checks) {
    const status = text(member(check, "Status"));
    if (status === undefined) return wrong("expected a text at Checks[].Status");
    read.push({
      ...{ status, checkId: text(member(check, "CheckID")) ?? "" },
      serviceId: text(member(check, "ServiceID")) ?? "",
    });
  }
  return ok({ node, process, checks: read });
}

/** The process of a Consul service id: `16`, or `0x7200000000000001:0x10`. */
export function processOfServiceId(id: string): Fid | undefined {
  if (id.includes(":")) {
    const fid = parseFid(id);
    return fid.ok && fidLetter(fid.value) === "r" ? fid.value : undefined;
  }
  const key = decimalKey(id);
  return key === undefined || key === 0n ? undefined : processFid(key);
}

/** ONLINE only while all checks pass, whatever their order. */
export function stateOf(checks: readonly WatchedCheck[], notPassing: NotPassing): NoteState {
  const bad = checks.filter(({ status }) => status !== "passing");
  if (bad.length === 0) return "ONLINE";
  switch (notPassing) {
    case "failed":
      return "FAILED";
    case "transient":
      return "TRANSIENT";
    case "graded":
      return bad.some(({ status, checkId }) => status === "critical" || checkId === "serfHealth")
        ? "FAILED"
        : "TRANSIENT";
  }
}

/** The notes of a snapshot, in its order: each process, then its services with the same state. */
export function notesOf(
  snapshot: ServiceSnapshot,
  conf: ConfTree | undefined,
  notPassing: NotPassing,
): readonly Note[] {
  return snapshot.members.flatMap(({ process, checks }) => {
    const state = stateOf(checks, notPassing);
    const services = conf === undefined ? [] : (processOf(conf, process)?.services ?? []);
    return [{ fid: process, state }, ...services.map(({ fid }) => ({ fid, state }))];
  });
}

/** Vectors of at most 1,024 notes. */
export function chunksOf(notes: readonly Note[]): readonly (readonly Note[])[] {
  const chunks: (readonly Note[])[] = [];
  for (let from = 0; from < notes.length; from += NOTES_MAX) chunks.push(notes.slice(from, from + NOTES_MAX));
  return chunks;
}

/** Whether a snapshot says something else than was told last. */
export function saysNew(notes: readonly Note[], told: ReadonlyMap<string, Note> | undefined): boolean {
  return notes.some(({ fid, state }) => told?.get(formatFid(fid))?.state !== state);
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
