import type { Command, FieldValues } from "@tandem/swss";
import { idsInValue, type ObjectKey } from "../object-key.js";
import { attributeOf } from "../sai/catalogue.js";
import { RID_TO_VID, type RowPrefix, rowKey, VID_TO_RID } from "./names.js";

/** What a row without attributes holds. */
const NO_FIELDS = ["NULL", "NULL"] as const;

/** Keys in one DEL. */
const DELETE_CHUNK = 128;

export function writeRow(prefix: RowPrefix, key: ObjectKey, attributes: FieldValues): Command {
  const words = attributes.length === 0 ? NO_FIELDS : attributes.flat();
  return ["HSET", rowKey(prefix, key), ...words];
}

export function deleteRow(prefix: RowPrefix, key: ObjectKey): Command {
  return ["DEL", rowKey(prefix, key)];
}

/** The row as it is to be, whatever it holds. */
export function replaceRow(prefix: RowPrefix, key: ObjectKey, attributes: FieldValues): readonly Command[] {
  return [deleteRow(prefix, key), writeRow(prefix, key, attributes)];
}

export function deleteKeys(keys: readonly string[]): readonly Command[] {
  const commands: Command[] = [];
  for (let at = 0; at < keys.length; at += DELETE_CHUNK) commands.push(["DEL", ...keys.slice(at, at + DELETE_CHUNK)]);
  return commands;
}

export function bindCommands(pairs: readonly (readonly [vid: string, rid: string])[]): readonly Command[] {
  if (pairs.length === 0) return [];
  return [
    ["HSET", VID_TO_RID, ...pairs.flat()],
    ["HSET", RID_TO_VID, ...pairs.flatMap(([vid, rid]) => [rid, vid])],
  ];
}

export function releaseCommands(pairs: readonly (readonly [vid: string, rid: string])[]): readonly Command[] {
  if (pairs.length === 0) return [];
  return [
    ["HDEL", VID_TO_RID, ...pairs.map(([vid]) => vid)],
    ["HDEL", RID_TO_VID, ...pairs.map(([, rid]) => rid)],
  ];
}

/** The one read-only attribute that rows show: it tells which lanes a port has. */
const SHOWN_READ_ONLY = "SAI_PORT_ATTR_HW_LANE_LIST";

/**
 * Rows that a successful get leaves: attributes that can be set, and a row for each object named in a value.
 * `isHidden` says of which objects none is written: those that the switch came with, outside a view being built.
 */
export function snoopedRows(
  prefix: RowPrefix,
  key: ObjectKey,
  values: FieldValues,
  typeOf: (vid: string) => string | undefined,
  isHidden: (vid: string) => boolean,
): readonly Command[] {
  const kept = values.filter(
    ([name]) => name === SHOWN_READ_ONLY || attributeOf(key.type, name)?.access !== "readOnly",
  );
  const named = new Set(values.flatMap(([, value]) => idsInValue(value)).filter((vid) => !isHidden(vid)));
  const rows: Command[] = [...named].flatMap((vid) => {
    const type = typeOf(vid);
    return type === undefined ? [] : [writeRow(prefix, { type, id: vid }, [])];
  });
  return kept.length === 0 ? rows : [writeRow(prefix, key, kept), ...rows];
}
