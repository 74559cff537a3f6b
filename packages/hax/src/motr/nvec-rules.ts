import { type Fid, fidLetter, formatFid } from "../fid.js";
import { NOTES_MAX, type Note, type Nvec } from "./message.js";

/** Letters of the object types that a configuration has. */
const CONF_LETTERS = "tpovjnrsdSaeckgl";
/** Pools, storage devices, nodes and drives: what can be repaired. */
const REPAIRABLE = "odnk";

/**
 * The rule of Motr's receivers that a vector breaks, in words; a Motr process aborts at each of them. Whether an answer
 * fits its question is `answerFault`'s matter.
 */
export function setFault({ notes }: Nvec): string | undefined {
  if (notes.length < 1 || notes.length > NOTES_MAX) return `${notes.length} notes: expected 1 to ${NOTES_MAX}`;
  for (const note of notes) {
    const fault = noteFault(note);
    if (fault !== undefined) return `note of ${formatFid(note.fid)}: ${fault}`;
  }
  return undefined;
}

/** How `answer` differs from what was asked: same fids, in the same order. */
export function answerFault(asked: readonly Fid[], answer: Nvec): string | undefined {
  const { notes } = answer;
  if (notes.length !== asked.length) return `${notes.length} notes answer ${asked.length} questions`;
  const at = notes.findIndex(({ fid }, i) => fid.container !== asked[i]?.container || fid.key !== asked[i]?.key);
  if (at < 0) return undefined;
  return `note ${at} is of ${formatFid((notes[at] as Note).fid)}, asked was ${formatFid(asked[at] as Fid)}`;
}

function noteFault({ fid, state }: Note): string | undefined {
  if (state === "UNKNOWN") return "state UNKNOWN must not be told";
  const none = fid.container === 0n && fid.key === 0n;
  if (!none && !CONF_LETTERS.includes(fidLetter(fid))) return "no fid of a configuration object";
  if ((state === "REPAIR" || state === "REBALANCE") && !REPAIRABLE.includes(fidLetter(fid)))
    return `state ${state} is only for pools, devices, nodes and drives`;
  return undefined;
}
