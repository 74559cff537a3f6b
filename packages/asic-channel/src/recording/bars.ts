import { err, ok, type Result } from "@tandem/base";
import type { FieldValues } from "@tandem/swss";
import type { BulkPart, LineFault } from "./record.js";

/** Longest piece of a faulty line that an error repeats. */
const FOUND_MAX = 120;

export function lineFault(expected: string, found: string): Result<never, LineFault> {
  return err({ expected, found: found.slice(0, FOUND_MAX) });
}

/** What may follow a bar inside the value before it: the further names of flags, or the rest of them as a number. */
const FLAGS_TAIL = /^(?:SAI_[A-Z0-9_]+|0x[0-9a-fA-F]+)$/;

/** `A=v|B=v`; nothing is no fields. A name of a flag goes on the value before it. */
export function parseFields(text: string): Result<FieldValues, LineFault> {
  if (text === "") return ok([]);
  const fields: [string, string][] = [];
  for (const piece of text.split("|")) {
    const equals = piece.indexOf("=");
    const last = fields.at(-1);
    if (equals > 0) fields.push([piece.slice(0, equals), piece.slice(equals + 1)]);
    else if (last !== undefined && FLAGS_TAIL.test(piece)) last[1] += `|${piece}`;
    else return lineFault("NAME=VALUE", piece);
  }
  return ok(fields);
}

export function formatFields(fields: FieldValues): string {
  let text = "";
  for (const [name, value] of fields) text += `${text === "" ? "" : "|"}${name}=${value}`;
  return text;
}

/** Fields behind a head: absent ones without a bar. */
export function formatTail(fields: FieldValues | undefined): string {
  return fields === undefined ? "" : `|${formatFields(fields)}`;
}

/** The text up to the first bar, and what stands behind it; `undefined` when there is no bar. */
export function cutAtBar(text: string): readonly [head: string, tail: string | undefined] {
  const bar = text.indexOf("|");
  return bar < 0 ? [text, undefined] : [text.slice(0, bar), text.slice(bar + 1)];
}

/**
 * Splits at double bars. Of three bars the first belongs to the piece before: it ends in an empty list of attributes.
 */
export function splitAtDoubleBars(text: string): readonly string[] {
  const pieces: string[] = [];
  for (const piece of text.split("||")) {
    if (piece.startsWith("|") && pieces.length > 0) {
      pieces[pieces.length - 1] += "|";
      pieces.push(piece.slice(1));
    } else pieces.push(piece);
  }
  return pieces;
}

/** A head and what stands behind it: `key|A=v|B=v`. */
export interface Headed {
  readonly head: string;
  readonly fields?: FieldValues;
}

export function parseHeaded(text: string, expected: string): Result<Headed, LineFault> {
  const [head, tail] = cutAtBar(text);
  if (head === "") return lineFault(expected, text);
  if (tail === undefined) return ok({ head });
  const fields = parseFields(tail);
  return fields.ok ? ok({ head, fields: fields.value }) : fields;
}

/** One object of a bulk line; its attributes are checked and stay joined. */
export function parsePart(text: string, expected: string): Result<BulkPart, LineFault> {
  const headed = parseHeaded(text, expected);
  if (!headed.ok) return headed;
  const { head, fields } = headed.value;
  return ok(fields === undefined ? { head } : { head, attributes: text.slice(head.length + 1) });
}

export function formatPart({ head, attributes }: BulkPart): string {
  return attributes === undefined ? head : `${head}|${attributes}`;
}
