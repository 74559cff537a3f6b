import { millis, seconds } from "@tandem/base";
import { defineTable, type Fields, t } from "@tandem/swss";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { StandingRow } from "./define-actor.js";
import { type BookRow, type Difference, difference } from "./difference.js";
import { rowRef } from "./row-ref.js";

const key = { key: t.text({ doc: "" }) };
const table = (name: string, db: "STATE_DB" | "APPL_DB" = "APPL_DB") =>
  defineTable({ name, db, spec: "", key, fields: { v: t.text({ doc: "" }), at: t.text({ doc: "", optional: true }) } });
const A = table("A");
const B = table("B");
const OWN = table("OWN", "STATE_DB");
const tables = [A, B, OWN];

const options = { now: millis(0), isOwn: ({ db }: { db: string }) => db === "STATE_DB", keepInherited: false };

function stand(of: typeof A, key: string, v: string, more: Partial<StandingRow> = {}): StandingRow {
  return { table: of, key, fields: { v }, ...more };
}

function booked(of: typeof A, key: string, v: string | undefined, more: Partial<BookRow> = {}): BookRow {
  const acked: Fields | undefined = v === undefined ? undefined : { v };
  return { ref: rowRef(of, key), order: 1, acked, ackedAt: millis(0), once: undefined, inherited: false, ...more };
}

function bookOf(...rows: readonly BookRow[]): ReadonlyMap<string, BookRow> {
  return new Map(rows.map((row) => [row.ref.text, row]));
}

function lines({ own, groups }: Difference): readonly string[] {
  return [own, ...groups].map((ops) => ops.map(({ op, ref }) => `${op} ${ref.tableName}:${ref.key}`).join(", "));
}

test("writes in order, grouped by table; then deletes in reverse; own rows apart", () => {
  const standing = [
    stand(A, "1", "x"),
    stand(A, "2", "x"),
    stand(B, "3", "x"),
    stand(OWN, "o", "x"),
    stand(A, "4", "x"),
  ];
  const book = bookOf(
    booked(A, "8", "x", { order: 1 }),
    booked(B, "9", "x", { order: 2 }),
    booked(OWN, "p", "x", { order: 3 }),
  );
  expect(lines(difference(standing, book, options))).toEqual([
    "set OWN:o, del OWN:p",
    "set A:1, set A:2",
    "set B:3",
    "set A:4",
    "del B:9",
    "del A:8",
  ]);
});

const cases: readonly {
  readonly rule: string;
  readonly row: StandingRow;
  readonly known: BookRow;
  readonly due: boolean;
}[] = [
  { rule: "equal and acknowledged", row: stand(A, "k", "x"), known: booked(A, "k", "x"), due: false },
  { rule: "changed", row: stand(A, "k", "y"), known: booked(A, "k", "x"), due: true },
  { rule: "not acknowledged in this epoch", row: stand(A, "k", "x"), known: booked(A, "k", undefined), due: true },
  {
    rule: "differs only in a stamp",
    row: stand(A, "k", "x", { stamps: ["at"] }),
    known: booked(A, "k", "x", { acked: { v: "x", at: "1" } }),
    due: false,
  },
  {
    rule: "refresh not yet due",
    row: stand(A, "k", "x", { refresh: seconds(1) }),
    known: booked(A, "k", "x"),
    due: false,
  },
  {
    rule: "refresh due",
    row: stand(A, "k", "x", { refresh: seconds(1) }),
    known: booked(A, "k", "x", { ackedAt: millis(-1000) }),
    due: true,
  },
  {
    rule: "same occurrence, cleared by others",
    row: stand(A, "k", "x", { once: "1" }),
    known: booked(A, "k", undefined, { once: "1" }),
    due: false,
  },
  {
    rule: "next occurrence",
    row: stand(A, "k", "x", { once: "2" }),
    known: booked(A, "k", "x", { once: "1" }),
    due: true,
  },
];
for (const { rule, row, known, due } of cases) {
  test(`a row that is ${rule} is ${due ? "" : "not "}written`, () => {
    expect(difference([row], bookOf(known), options).groups.length > 0).toBe(due);
  });
}

test("inherited rows, and those of tables that cannot be judged, stay", () => {
  const book = bookOf(booked(A, "k", undefined, { order: 2, inherited: true }), booked(B, "k", "x"));
  expect(difference([], book, { ...options, keepInherited: true, keeps: [B] })).toEqual({ own: [], groups: [] });
  expect(lines(difference([], book, options))).toEqual(["", "del A:k", "del B:k"]);
});

/** Rows as a sink holds them, after everything that a difference asks for was done. */
function perform(book: Map<string, BookRow>, standing: readonly StandingRow[]): void {
  const { own, groups } = difference(standing, book, options);
  let order = Math.max(0, ...[...book.values()].map((row) => row.order));
  for (const op of [...own, ...groups.flat()]) {
    if (op.op === "del") book.delete(op.ref.text);
    else {
      const known = book.get(op.ref.text);
      book.set(
        op.ref.text,
        booked(tables.find(({ id }) => id === op.ref.tableId) ?? A, op.ref.key, op.row.fields["v"], {
          order: known?.order ?? ++order,
        }),
      );
    }
  }
}

const standings = fc.array(
  fc.record({ of: fc.constantFrom(...tables), key: fc.constantFrom("a", "b", "c"), v: fc.constantFrom("1", "2") }),
);

test("whatever stood before, after the difference exactly what stands is written, and then there is none", () => {
  fc.assert(
    fc.property(fc.array(standings, { minLength: 1, maxLength: 5 }), (history) => {
      const book = new Map<string, BookRow>();
      for (const step of history) {
        const standing = step.map(({ of, key, v }) => stand(of, key, v));
        perform(book, standing);
        const wanted = new Map<string, string | undefined>();
        for (const row of standing) {
          const { text } = rowRef(row.table, row.key);
          if (!wanted.has(text)) wanted.set(text, row.fields["v"]);
        }
        expect(new Map([...book].map(([text, row]) => [text, row.acked?.["v"]]))).toEqual(wanted);
        expect(difference(standing, book, options)).toEqual({ own: [], groups: [] });
      }
    }),
  );
});
