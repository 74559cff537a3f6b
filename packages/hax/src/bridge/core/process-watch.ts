import { err, ok, type Result } from "@tandem/base";
import { fidLetter, parseFid } from "../../fid.js";
import type { Note, NoteState } from "../../motr/message.js";
import { readQueueWatch } from "./broadcast-queue.js";
import { type ConfTree, processOf, stateIn } from "./conf-tree.js";

const STATES: Readonly<Record<string, NoteState>> = {
  ...{ STARTED: "ONLINE", DTM_RECOVERED: "ONLINE", STOPPED: "FAILED" },
};

/** Notes of a watch of type key on `processes/<fid>`: what began or ended. mkfs runs are nobody's business. */
export function readProcessWatch(body: unknown, conf: ConfTree | undefined): Result<readonly Note[], string> {
  if (body === null) return ok([]);
  const read = readQueueWatch([body]);
  if (!read.ok) return err("expected one entry {Key, Value}, as a watch of type key posts");
  const [{ key, text } = { key: "", text: "" }] = read.value;
  const fid = key.startsWith("processes/") ? parseFid(key.slice("processes/".length)) : undefined;
  if (fid?.ok !== true || fidLetter(fid.value) !== "r")
    return err(`key ${JSON.stringify(key.slice(0, 80))}: expected processes/FID of a process`);
  const event = stateIn(text);
  if (event === undefined) return err(`${key}: expected a JSON object with a state`);
  const state = STATES[event.replace(/^M0_CONF_HA_PROCESS_/, "")];
  if (state === undefined || text.includes("M0_CONF_HA_PROCESS_M0MKFS")) return ok([]);
  const services = conf === undefined ? [] : (processOf(conf, fid.value)?.services ?? []);
  return ok([{ fid: fid.value, state }, ...services.map((service) => ({ fid: service.fid, state }))]);
}
