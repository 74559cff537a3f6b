import { ok, type Result } from "@tandem/base";
import { isEntryType } from "../object-key.js";
import { splitKey } from "../request.js";
import { attributeOf } from "../sai/catalogue.js";
import { attributesOf } from "../sai/check.js";
import { dump } from "./discovery.js";
import type { Session } from "./session.js";

/** One thing that rows, maps and ASIC do not agree about. */
export interface Drift {
  /** `TYPE:id` of the channel, or of the ASIC where the channel has none. */
  readonly key: string;
  readonly kind: "notInAsic" | "noRow" | "differs" | "noVid";
  readonly attribute?: string;
  readonly row?: string;
  readonly asic?: string;
  /** The same as one line. */
  readonly text: string;
}

export interface DriftReport {
  readonly compared: number;
  readonly findings: readonly Drift[];
}

/** Rows of the view that stands, against the ASIC. */
export async function differences(session: Session): Promise<Result<DriftReport, string>> {
  const rows = await session.rows("");
  if (!rows.ok) return rows;
  const objects = await dump(session);
  if (session.broken !== undefined) return { ok: false, error: session.broken };
  const byKey = new Map(objects.map((object) => [`${object.type}:${object.id}`, object]));
  const findings: Drift[] = [];
  const seen = new Set<string>();
  const own: Own[] = [];
  for (const [key, fields] of rows.value) {
    const [type, id] = splitKey(key);
    const asicId = session.map.toAsic({ type, id });
    const object = asicId === undefined ? undefined : byKey.get(`${type}:${asicId}`);
    if (object === undefined) {
      findings.push({ key, kind: "notInAsic", text: `${key} has a row, but the ASIC has no such object` });
      continue;
    }
    seen.add(`${type}:${object.id}`);
    const values = new Map(object.attributes);
    for (const [name, row] of attributesOf(fields)) {
      const value = values.get(name);
      const asic = value === undefined ? undefined : session.map.valueToChannel(value);
      values.delete(name);
      if (asic === row) continue;
      if (value === undefined) {
        own.push({ key, type, id: object.id, name, row });
        continue;
      }
      const told = { attribute: name, row, ...(asic !== undefined && { asic }) };
      findings.push({
        key,
        kind: "differs",
        ...told,
        text: `${key} ${name}: the row has ${row}, the ASIC ${asic ?? "nothing"}`,
      });
    }
    for (const [name, value] of values) {
      const asic = session.map.valueToChannel(value) ?? value;
      if (asic === attributeOf(type, name)?.value) continue;
      findings.push({
        key,
        kind: "differs",
        attribute: name,
        asic,
        text: `${key} ${name}: the row has nothing, the ASIC ${asic}`,
      });
    }
  }
  findings.push(...(await ownDifferences(session, own)));
  for (const { type, id } of objects) {
    if (seen.has(`${type}:${id}`)) continue;
    const vid = session.map.toChannel({ type, id });
    if (vid === undefined && isEntryType(type)) continue;
    const key = `${type}:${vid ?? id}`;
    if (vid === undefined) findings.push({ key, kind: "noVid", text: `${key} is in the ASIC, but has no VID` });
    else findings.push({ key, kind: "noRow", text: `${key} is in the ASIC, but has no row` });
  }
  return ok({ compared: rows.value.length, findings });
}

/** What a get left in a row: the ASIC's own, not among what was given to it. */
interface Own {
  readonly key: string;
  readonly type: string;
  readonly id: string;
  readonly name: string;
  readonly row: string;
}

async function ownDifferences(session: Session, own: readonly Own[]): Promise<readonly Drift[]> {
  if (own.length === 0) return [];
  const calls = own.map(({ type, id, name }) => ({ call: "get", type, id, fields: [[name, ""]] }) as const);
  const answers = (await session.ask({ call: "all", calls }))?.all ?? [];
  return own.flatMap(({ key, name, row }, at) => {
    const asic = session.map.valueToChannel(answers[at]?.fields?.[0]?.[1] ?? "");
    if (asic === row) return [];
    const text = `${key} ${name}: the row has ${row}, the ASIC ${asic ?? "nothing"}`;
    return [{ key, kind: "differs", attribute: name, row, ...(asic !== undefined && { asic }), text } as const];
  });
}
