import { allOk, ok, type Result } from "@tandem/base";
import { cutAtBar, lineFault, parseFields, parseHeaded, parsePart, splitAtDoubleBars } from "./bars.js";
import { dataEnd } from "./data-end.js";
import type { BulkOp, BulkPart, KeyedOp, LineFault, RecLine, RecordBody } from "./record.js";
import { isStamp, STAMP_LENGTH } from "./stamp.js";

/** One line without its line feed, as current and older writers write it; a carriage return at its end is no part of it. */
export function parseLine(line: string): Result<RecLine, LineFault> {
  const text = line.endsWith("\r") ? line.slice(0, -1) : line;
  const time = text.slice(0, STAMP_LENGTH);
  if (!isStamp(time)) return lineFault("a time YYYY-MM-DD.HH:MM:SS.uuuuuu", time);
  if (text[STAMP_LENGTH] !== "|") return lineFault("a bar after the time", text.slice(STAMP_LENGTH));
  const body = parseBody(text.slice(STAMP_LENGTH + 1));
  return body.ok ? ok({ time, body: body.value }) : body;
}

type Parsed = Result<RecordBody, LineFault>;

/** What stands behind the time. */
export function parseBody(text: string): Parsed {
  const [op, rest] = cutAtBar(text);
  const parse = PARSERS[op];
  if (parse !== undefined) return rest === undefined ? lineFault(`more than the op ${op}`, text) : parse(rest);
  if (op.length !== 1) return lineFault("an op of one letter", op);
  return ok({ op: "unknown", letter: op, ...(rest !== undefined && { text: rest }) });
}

const PARSERS: Readonly<Record<string, (rest: string) => Parsed>> = {
  "#": (text) => ok({ op: "#", text }),
  a: (view) => (/^\w+$/.test(view) ? ok({ op: "a", view }) : lineFault("the word of a view change", view)),
  A: (status) => statusOnly("A", status),
  F: (status) => statusOnly("F", status),
  c: (rest) => keyed("c", rest),
  r: (rest) => keyed("r", rest),
  s: (rest) => keyed("s", rest),
  g: (rest) => keyed("g", rest),
  f: (rest) => keyed("f", rest),
  p: (rest) => keyed("p", rest),
  C: (rest) => bulk("C", rest),
  R: (rest) => bulk("R", rest),
  S: (rest) => bulk("S", rest),
  B: (rest) => bulk("B", rest),
  G: (rest) => (/^[^|]*\|\|/.test(rest) ? bulkReply(rest) : singleReply(rest)),
  E: failure,
  q: query,
  Q: queryReply,
  n: notification,
  "@": (text) =>
    /^\d{1,9}$/.test(text) ? ok({ op: "@", milliseconds: Number(text) }) : lineFault("milliseconds", text),
};

const STATUS = /^(?:SAI_STATUS_[A-Z0-9_]+|-?\d+)$/;

function statusOnly(op: "A" | "F", status: string): Parsed {
  return STATUS.test(status) ? ok({ op, status }) : lineFault("a status", status);
}

function keyed(op: KeyedOp, rest: string): Parsed {
  const headed = parseHeaded(rest, "a key");
  if (!headed.ok) return headed;
  const { head: key, fields } = headed.value;
  if (op !== "p" && !/^SAI_[A-Z0-9_]+:./.test(key)) return lineFault("a key SAI_OBJECT_TYPE_…:<object>", key);
  if (op === "s" && fields?.length !== 1) return lineFault("exactly one attribute", rest);
  if (op === "r" && (fields?.length ?? 0) > 0) return lineFault("nothing behind the key", rest);
  return ok({ op, key, ...(fields !== undefined && { fields }) });
}

function bulk(op: BulkOp, rest: string): Parsed {
  const [type = "", ...pieces] = splitAtDoubleBars(rest);
  if (!/^SAI_[A-Z0-9_]+$/.test(type)) return lineFault("an object type before two bars", rest);
  const parts = partsOf(pieces, "an object");
  if (!parts.ok) return parts;
  const bare = op === "S" ? parts.value.find(({ attributes = "" }) => attributes === "") : undefined;
  if (bare !== undefined) return lineFault("one attribute for each object", bare.head);
  return ok({ op, type, parts: parts.value });
}

function partsOf(pieces: readonly string[], expected: string): Result<readonly BulkPart[], LineFault> {
  return allOk(pieces.map((piece) => parsePart(piece, expected)));
}

function singleReply(rest: string): Parsed {
  const headed = parseHeaded(rest, "a status");
  if (!headed.ok) return headed;
  const { head: status, fields } = headed.value;
  if (!STATUS.test(status)) return lineFault("a status", status);
  return ok({ op: "G", kind: "single", status, ...(fields !== undefined && { fields }) });
}

function bulkReply(rest: string): Parsed {
  const [head = "", ...pieces] = splitAtDoubleBars(rest);
  const bars = head.endsWith("|") ? 3 : 2;
  const status = bars === 3 ? head.slice(0, -1) : head;
  if (!STATUS.test(status)) return lineFault("a status", status);
  if (pieces.length === 1 && pieces[0] === "") return ok({ op: "G", kind: "bulk", status, bars, parts: [] });
  const parts = partsOf(pieces, "the status of an object");
  return parts.ok ? ok({ op: "G", kind: "bulk", status, bars, parts: parts.value }) : parts;
}

function failure(rest: string): Parsed {
  const bars = rest.indexOf("||");
  const status = bars < 0 ? rest : rest.slice(0, bars);
  if (!STATUS.test(status)) return lineFault("a status", status);
  if (bars < 0) return ok({ op: "E", status });
  const statuses = rest.slice(bars + 2).split("|");
  const wrong = statuses.find((each) => !STATUS.test(each));
  return wrong === undefined ? ok({ op: "E", status, statuses }) : lineFault("the status of an object", wrong);
}

function query(rest: string): Parsed {
  const [name, tail] = cutAtBar(rest);
  if (tail === undefined) return lineFault("the name of a query and a key", rest);
  const headed = parseHeaded(tail, "a key");
  if (!headed.ok) return headed;
  const { head: key, fields } = headed.value;
  return ok({ op: "q", name, key, ...(fields !== undefined && { fields }) });
}

function queryReply(rest: string): Parsed {
  const [name, tail] = cutAtBar(rest);
  if (tail === undefined) return lineFault("the name of a query and a status", rest);
  const [status, values] = cutAtBar(tail);
  if (!STATUS.test(status)) return lineFault("a status", status);
  return ok({ op: "Q", name, status, ...(values !== undefined && { values: values.split("|") }) });
}

function notification(rest: string): Parsed {
  const [name, tail] = cutAtBar(rest);
  if (name === "" || tail === undefined) return lineFault("the name of a notification and its data", rest);
  const end = dataEnd(tail);
  const data = tail.slice(0, end);
  if (end === tail.length) return ok({ op: "n", name, data });
  const fields = parseFields(tail.slice(end + 1));
  return fields.ok ? ok({ op: "n", name, data, fields: fields.value }) : fields;
}
