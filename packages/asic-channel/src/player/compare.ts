import { allOk, err, ok, type Result } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import { parseFields } from "../recording/bars.js";
import type { RecordedReply } from "../recording/to-channel.js";
import { type AsicReply, SUCCESS } from "../reply.js";
import { describeVidConflict, oidsIn, type VidMap } from "./vid-map.js";

/** How a live reply agrees with the recorded one. A difference is one line. */
export type Agreement = Result<{ readonly warning?: string }, string>;

const AGREES: Agreement = ok({});

/** For view changes and flushes: both went well. */
export function compareStatus(recorded: RecordedReply, live: AsicReply): Agreement {
  if (live.status !== recorded.status) return err(`expected ${recorded.status}, got ${live.status}`);
  return live.status === SUCCESS ? AGREES : err(`ended in ${live.status}, as in the recording`);
}

/** For a get. What ids stand for is learned; lengths of lists must agree, values need not. */
export function compareGet(recorded: RecordedReply, live: AsicReply, map: VidMap): Agreement {
  if (live.status !== recorded.status) {
    if (live.status === SUCCESS) return err(`succeeded, the recording says ${recorded.status}`);
    return ok({ warning: `got ${live.status}, the recording says ${recorded.status}` });
  }
  return compareAttributes(recorded.fields, live.fields, map);
}

/** For changes: they go well unless the recording says how each object failed. */
export function compareChange(recorded: RecordedReply | undefined, live: AsicReply): Agreement {
  const expected = recorded?.status ?? SUCCESS;
  if (live.status !== expected) return err(`expected ${expected}, got ${live.status}`);
  const wanted = recorded?.parts.map(({ head }) => head) ?? live.fields.map(() => SUCCESS);
  const differs = live.fields.findIndex(([status], i) => status !== wanted[i]);
  return differs < 0
    ? AGREES
    : err(`object ${differs + 1}: expected ${wanted[differs]}, got ${live.fields[differs]?.[0]}`);
}

/** For a bulk get: each object as in a get, and the status of each as recorded. */
export function compareBulkGet(recorded: RecordedReply, live: AsicReply, map: VidMap): Agreement {
  if (recorded.parts.length !== live.fields.length)
    return err(`expected ${recorded.parts.length} objects, got ${live.fields.length}`);
  for (const [i, { head, attributes = "" }] of recorded.parts.entries()) {
    const [status, joined] = live.fields[i] as FieldValues[number];
    if (status !== head) return err(`object ${i + 1}: expected ${head}, got ${status}`);
    const both = allOk([parseFields(attributes), parseFields(joined)]);
    if (!both.ok) return err(`object ${i + 1}: expected ${both.error.expected}, got ${both.error.found}`);
    const [before = [], now = []] = both.value;
    const agrees = compareAttributes(before, now, map);
    if (!agrees.ok) return err(`object ${i + 1}: ${agrees.error}`);
  }
  return AGREES;
}

function compareAttributes(recorded: FieldValues, live: FieldValues, map: VidMap): Agreement {
  if (recorded.length !== live.length) return err(`expected ${recorded.length} attributes, got ${live.length}`);
  for (const [i, [name, before]] of recorded.entries()) {
    const [liveName, now] = live[i] as FieldValues[number];
    if (name !== liveName) return err(`expected ${name}, got ${liveName}`);
    const lengths = [lengthOf(before), lengthOf(now)];
    if (lengths[0] !== lengths[1]) return err(`${name}: expected ${lengths[0]} items, got ${lengths[1]}`);
    const ids = oidsIn(before);
    const liveIds = oidsIn(now);
    if (ids.length !== liveIds.length) return err(`${name}: expected ${ids.length} object ids, got ${liveIds.length}`);
    for (const [j, id] of ids.entries()) {
      const learned = map.learn(id, liveIds[j] as string);
      if (!learned.ok) return err(`${name}: ${describeVidConflict(learned.error)}`);
    }
  }
  return AGREES;
}

/** Items of `3:a,b,c`, `0:null` and of JSON lists with a count; `undefined` for what is no list. */
function lengthOf(value: string): number | undefined {
  const json = /^\{"count":(\d+),/.exec(value)?.[1];
  if (json !== undefined) return Number(json);
  const [, digits, items] = /^(\d+):([^:].*)$/.exec(value) ?? [];
  if (digits === undefined || items === undefined || MAC.test(value)) return undefined;
  const count = Number(digits);
  const commas = items.split(",").length;
  // An item of a list of ranges has two numbers.
  return items === "null" || commas === count || commas === 2 * count ? count : undefined;
}

const MAC = /^[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}$/;
