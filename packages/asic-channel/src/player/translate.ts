import { err, ok, type Result } from "@tandem/base";
import { type AsicRequest, splitKey } from "../request.js";
import type { VidMap } from "./vid-map.js";
import type { Vids } from "./vids.js";

/** A request with the ids of here, and the recorded ids that were given ids of here for it. */
export interface Translated {
  readonly request: AsicRequest;
  readonly created: readonly string[];
}

/**
 * Puts the ids of here into a recorded request. What it creates gets a VID first. An id that was neither created nor read
 * before is the error: it would hit some object here, or none.
 */
export async function translate(request: AsicRequest, map: VidMap, vids: Vids): Promise<Result<Translated, string>> {
  const created: string[] = [];
  for (const recorded of createdBy(request)) {
    if (map.liveOf(recorded) !== undefined) continue;
    const fresh = await vids.fresh(recorded);
    if (!fresh.ok) return fresh;
    const learned = map.learn(recorded, fresh.value);
    if (!learned.ok) return err(`${recorded}: the VID ${fresh.value} is another object's already`);
    created.push(recorded);
  }
  const unknown = (id: string): Result<never, string> => {
    for (const recorded of created) map.forget(recorded);
    return err(`${id} was neither created nor read before, so what it is here is not known`);
  };
  // The buffer of a get holds whatever was in it: only its key is about an object.
  const attributesMatter = request.op !== "get" && request.op !== "bulkget";
  const { unknownStay } = vids;
  const key = map.translate(request.key, unknownStay);
  if (!key.ok) return unknown(key.error);
  const fields: [string, string][] = [];
  for (const [name, value] of request.fields) {
    const field = map.translate(name, unknownStay);
    if (!field.ok) return unknown(field.error);
    const translated = attributesMatter ? map.translate(value, unknownStay) : ok(value);
    if (!translated.ok) return unknown(translated.error);
    fields.push([field.value, translated.value]);
  }
  return ok({ request: { ...request, key: key.value, fields }, created });
}

const PLAIN_ID = /^oid:0x[0-9a-f]+$/;

/** Ids of the objects that a request creates; entries have none. */
function createdBy({ op, key, fields }: AsicRequest): readonly string[] {
  const ids = op === "create" ? [splitKey(key)[1]] : op === "bulkcreate" ? fields.map(([id]) => id) : [];
  return ids.filter((id) => PLAIN_ID.test(id));
}

/** Ids of the objects that a request removes. */
export function removedBy({ op, key, fields }: AsicRequest): readonly string[] {
  const ids = op === "remove" ? [splitKey(key)[1]] : op === "bulkremove" ? fields.map(([id]) => id) : [];
  return ids.filter((id) => PLAIN_ID.test(id));
}
