import { ok, type Result } from "@tandem/base";
import { describeStoreError, type Store, Table } from "@tandem/swss";
import { isEntryType } from "../object-key.js";
import { splitKey } from "../request.js";
import { STATE_TABLE, VID_TO_RID } from "../syncd/names.js";

export interface ObjectView {
  readonly type: string;
  readonly id: string;
  /** Absent for entries, which have none. */
  readonly rid?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Objects of the view that stands, sorted; `type` with or without SAI_OBJECT_TYPE_ keeps those of one type. */
export async function readObjects(
  store: Store,
  type: string | undefined,
): Promise<Result<readonly ObjectView[], string>> {
  const content = await new Table(store, STATE_TABLE, { listMarks: "keep" }).getContent();
  if (!content.ok) return { ok: false, error: describeStoreError(content.error) };
  const map = await store.command(["HGETALL", VID_TO_RID]);
  if (!map.ok) return { ok: false, error: describeStoreError(map.error) };
  const flat = map.value as readonly string[];
  const rids = new Map(flat.flatMap((vid, i) => (i % 2 === 0 ? [[vid, flat[i + 1] as string] as const] : [])));
  const wanted = type === undefined ? undefined : typeName(type);
  const objects = content.value.flatMap(({ key, fieldValues }): ObjectView[] => {
    const [found, id] = splitKey(key);
    if (wanted !== undefined && found !== wanted) return [];
    const rid = isEntryType(found) ? undefined : rids.get(id);
    const attributes = Object.fromEntries(fieldValues.filter(([name]) => name !== "NULL"));
    return [{ type: found, id, ...(rid !== undefined && { rid }), attributes }];
  });
  return ok(objects.toSorted((a, b) => order(`${a.type}:${a.id}`, `${b.type}:${b.id}`)));
}

export function typeName(word: string): string {
  const upper = word.toUpperCase().replaceAll("-", "_");
  return upper.startsWith("SAI_OBJECT_TYPE_") ? upper : `SAI_OBJECT_TYPE_${upper}`;
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
