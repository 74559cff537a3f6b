import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatLine } from "./format-line.js";
import { parseLine } from "./parse-line.js";
import { describeLineFault, type RecLine, type RecordBody } from "./record.js";

const linesOf = (name: string): readonly string[] =>
  readFileSync(new URL(`../../testdata/${name}`, import.meta.url), "utf8")
    .trimEnd()
    .split("\n");

describe.each(["current.rec", "older.rec"])("%s: every line is a record, and is written back byte for byte", (name) => {
  test.each(linesOf(name))("%s", (line) => {
    const parsed = parseLine(line);
    expect(parsed.ok ? formatLine(parsed.value) : describeLineFault(parsed.error)).toBe(line);
    expect(parseLine(`${line}\r`)).toEqual(parsed);
  });
});

const bodyOf = (text: string): RecordBody | string => {
  const parsed = parseLine(`2026-03-01.10:00:00.000101|${text}`);
  return parsed.ok ? parsed.value.body : describeLineFault(parsed.error);
};

test("three bars and two bars are told apart, and an empty list of attributes from the next object", () => {
  expect(bodyOf("G|SAI_STATUS_SUCCESS|||SAI_STATUS_SUCCESS|A=1||SAI_STATUS_SUCCESS|A=2")).toMatchObject({
    bars: 3,
    parts: [{ attributes: "A=1" }, { attributes: "A=2" }],
  });
  expect(bodyOf("G|SAI_STATUS_FAILURE||SAI_STATUS_FAILURE|||SAI_STATUS_SUCCESS|A=2")).toMatchObject({
    bars: 2,
    parts: [
      { head: "SAI_STATUS_FAILURE", attributes: "" },
      { head: "SAI_STATUS_SUCCESS", attributes: "A=2" },
    ],
  });
});

test("names of flags behind a bar belong to the value before it", () => {
  expect(bodyOf("s|SAI_OBJECT_TYPE_PORT:oid:0x1|SAI_PORT_ATTR_X=SAI_A|SAI_B|0x40")).toMatchObject({
    fields: [["SAI_PORT_ATTR_X", "SAI_A|SAI_B|0x40"]],
  });
});

test("the data of a notification may hold bars in its strings, and data that is no JSON ends at the first one", () => {
  expect(bodyOf('n|fdb_event|[{"a":"x|y=\\"|"}]|F=1')).toMatchObject({
    data: '[{"a":"x|y=\\"|"}]',
    fields: [["F", "1"]],
  });
  expect(bodyOf("n|tam|oid:0x1|")).toEqual({ op: "n", name: "tam", data: "oid:0x1", fields: [] });
  expect(bodyOf('n|tam|{"a"|F=1')).toMatchObject({ data: '{"a"', fields: [["F", "1"]] });
});

describe("a line that is none says what was expected and what is there", () => {
  test.each([
    ["c", 'expected more than the op c, found "c"'],
    ["create|SAI_OBJECT_TYPE_PORT:oid:0x1", 'expected an op of one letter, found "create"'],
    ["c|oid:0x1|A=1", 'expected a key SAI_OBJECT_TYPE_…:<object>, found "oid:0x1"'],
    ["c|SAI_OBJECT_TYPE_PORT:oid:0x1|A", 'expected NAME=VALUE, found "A"'],
    ["s|SAI_OBJECT_TYPE_PORT:oid:0x1", 'expected exactly one attribute, found "SAI_OBJECT_TYPE_PORT:oid:0x1"'],
    ["r|SAI_OBJECT_TYPE_PORT:oid:0x1|A=1", 'expected nothing behind the key, found "SAI_OBJECT_TYPE_PORT:oid:0x1|A=1"'],
    ["S|SAI_OBJECT_TYPE_PORT||oid:0x1", 'expected one attribute for each object, found "oid:0x1"'],
    ["C|oid:0x1||A=1", 'expected an object type before two bars, found "oid:0x1||A=1"'],
    ["G|GOOD|A=1", 'expected a status, found "GOOD"'],
    ["G|SAI_STATUS_SUCCESS||||", 'expected the status of an object, found ""'],
    ["E|SAI_STATUS_FAILURE||SAI_STATUS_SUCCESS|BAD", 'expected the status of an object, found "BAD"'],
    ["A|", 'expected a status, found ""'],
    ["a|INIT VIEW", 'expected the word of a view change, found "INIT VIEW"'],
    ["q|clear_stats", 'expected the name of a query and a key, found "clear_stats"'],
    ["Q|clear_stats|GOOD", 'expected a status, found "GOOD"'],
    ["n|port_state_change", 'expected the name of a notification and its data, found "port_state_change"'],
    ["@|soon", 'expected milliseconds, found "soon"'],
    ["", 'expected an op of one letter, found ""'],
  ])("%s", (text, expected) => {
    expect(bodyOf(text)).toBe(expected);
  });

  test.each([
    ["", 'expected a time YYYY-MM-DD.HH:MM:SS.uuuuuu, found ""'],
    ["2026-03-01 10:00:00.000101|A|SAI_STATUS_SUCCESS", "expected a time"],
    ["2026-13-01.10:00:00.000101|A|SAI_STATUS_SUCCESS", "expected a time"],
    ["2026-03-01.10:00:00.000101A|SAI_STATUS_SUCCESS", 'expected a bar after the time, found "A|SAI_STATUS_SUCCESS"'],
  ])("%s", (line, expected) => {
    const parsed = parseLine(line);
    expect(parsed.ok ? "" : describeLineFault(parsed.error)).toContain(expected);
  });
});

test("line ends inside a text never break a line", () => {
  const line: RecLine = { time: "2026-03-01.10:00:00.000101", body: { op: "#", text: "two\r\nlines" } };
  expect(formatLine(line)).toBe("2026-03-01.10:00:00.000101|#|two\\x0D\\x0Alines");
});

const word = fc.stringMatching(/^[A-Za-z0-9_.:,{}"-]{1,12}$/);
const name = fc.stringMatching(/^[A-Z_]{1,12}$/);
const status = fc.constantFrom("SAI_STATUS_SUCCESS", "SAI_STATUS_ATTR_NOT_SUPPORTED_0", "-196608");
const value = fc.oneof(word, fc.constantFrom("", "SAI_A|SAI_B", "a=b", "2:oid:0x1,oid:0x2"));
const fields = fc.array(fc.tuple(name, value), { maxLength: 4 });
const some = fc.option(fields, { nil: undefined });
const key = fc.tuple(name, word).map(([type, id]) => `SAI_OBJECT_TYPE_${type}:${id}`);
const attributes = fields.map((pairs) => pairs.map(([field, text]) => `${field}=${text}`).join("|"));
const parts = fc.array(
  fc.tuple(word, fc.option(attributes, { nil: undefined })).map(([head, joined]) => ({
    head,
    ...(joined !== undefined && { attributes: joined }),
  })),
  { maxLength: 4 },
);
const withFields = <T extends object>(body: T, pairs: readonly [string, string][] | undefined): T => ({
  ...body,
  ...(pairs !== undefined && { fields: pairs }),
});
const results = parts.map((all) => all.map((part) => ({ ...part, head: "SAI_STATUS_SUCCESS" })));
const anyBody: fc.Arbitrary<RecordBody> = fc.oneof(
  word.map((text): RecordBody => ({ op: "#", text })),
  fc.tuple(fc.constantFrom("A", "F"), status).map(([op, text]): RecordBody => ({ op, status: text })),
  fc
    .tuple(fc.constantFrom("c", "g", "f", "p"), key, some)
    .map(([op, text, pairs]) => withFields({ op, key: text }, pairs)),
  fc
    .tuple(key, name, value)
    .map(([text, field, held]): RecordBody => ({ op: "s", key: text, fields: [[field, held]] })),
  key.map((text): RecordBody => ({ op: "r", key: text })),
  fc
    .tuple(fc.constantFrom("C", "B", "R"), parts)
    .map(([op, all]): RecordBody => ({ op, type: "SAI_OBJECT_TYPE_PORT", parts: all })),
  fc
    .tuple(status, some)
    .map(([text, pairs]) => withFields({ op: "G" as const, kind: "single" as const, status: text }, pairs)),
  fc
    .tuple(status, fc.constantFrom(2 as const, 3 as const), results)
    .map(([text, bars, all]): RecordBody => ({ op: "G", kind: "bulk", status: text, bars, parts: all })),
  fc
    .tuple(status, fc.array(status, { minLength: 1, maxLength: 3 }))
    .map(([text, statuses]): RecordBody => ({ op: "E", status: text, statuses })),
  fc
    .tuple(word, word, some)
    .map(([title, text, pairs]) => withFields({ op: "q" as const, name: title, key: text }, pairs)),
  fc
    .tuple(
      word,
      status,
      fc.array(
        value.filter((text) => !text.includes("|")),
        { minLength: 1, maxLength: 3 },
      ),
    )
    .map(([title, text, values]): RecordBody => ({ op: "Q", name: title, status: text, values })),
  fc
    .tuple(word, fc.json(), some)
    .map(([title, data, pairs]) => withFields({ op: "n" as const, name: title, data: `[${data}]` }, pairs)),
  fc.nat(999_999_999).map((milliseconds): RecordBody => ({ op: "@", milliseconds })),
);

test("every record survives being written and read", () => {
  fc.assert(
    fc.property(anyBody, (body) => {
      const line = { time: "2026-03-01.10:00:00.000101", body };
      expect(parseLine(formatLine(line))).toEqual({ ok: true, value: line });
    }),
    { numRuns: 2000 },
  );
});

test("whatever is read as a record is written as it was read", () => {
  const letter = fc.constantFrom(..."#aAcrsgGCSRBEfFpqQn@z");
  const text = fc.stringMatching(/^(?:SAI_STATUS_SUCCESS|SAI_OBJECT_TYPE_PORT:oid:0x1|[A=|x{]){1,8}$/);
  fc.assert(
    fc.property(letter, text, (op, rest) => {
      const line = `2026-03-01.10:00:00.000101|${op}|${rest}`;
      const parsed = parseLine(line);
      if (parsed.ok) expect(formatLine(parsed.value)).toBe(line);
    }),
    { numRuns: 2000 },
  );
});
