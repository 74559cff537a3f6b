import { millis } from "@tandem/base";
import { defineTable, t } from "@tandem/swss";
import { expect, test } from "vitest";
import { Book } from "./book.js";
import { type StandingRow, standingRow } from "./define-actor.js";
import { difference } from "./difference.js";

const tableOf = (name: string) =>
  defineTable({
    name,
    db: "APPL_DB",
    spec: "test",
    key: { id: t.text({ doc: "Id." }) },
    fields: { value: t.text({ doc: "Value.", absent: "" }) },
  });
const [First, Second] = [tableOf("FIRST"), tableOf("SECOND")];
const first = standingRow(First, { id: "k" }, { value: "1" });
const second = standingRow(Second, { id: "k" }, { value: "1" });

/** What the actor of `book` stands for now is written and acknowledged; the ledger of that. */
function write(book: Book, standing: readonly StandingRow[], ledger: Map<string, string>): void {
  const options = { now: millis(0), isOwn: () => false, keepInherited: false };
  const steps = difference(standing, book.rows, options);
  const { commands, apply } = book.commit(steps, standing, ({ text }) => text, {
    monotonic: millis(0),
    wall: millis(0),
  });
  for (const [verb, , ...words] of commands) {
    if (verb !== "HSET") continue;
    for (let i = 0; i < words.length; i += 2) ledger.set(String(words[i]), String(words[i + 1]));
  }
  apply();
  for (const op of steps.groups.flat()) {
    if (op.op === "set") book.acknowledged(op.ref.text, op.row.fields, undefined, millis(0));
  }
}

const deletes = (book: Book): readonly string[] =>
  difference([], book.rows, { now: millis(0), isOwn: () => false, keepInherited: false })
    .groups.flat()
    .map(({ ref }) => ref.tableName);

test("deletes run against the order in which rows stand, whichever was written first", () => {
  const [book, ledger] = [new Book("ledger"), new Map<string, string>()];
  write(book, [second], ledger);
  write(book, [first, second], ledger);
  expect(deletes(book)).toEqual(["SECOND", "FIRST"]);
  // So does a process that knows them from the ledger alone.
  const successor = new Book("ledger");
  expect(
    successor.inherit(
      Object.fromEntries(ledger),
      () => true,
      () => undefined,
      millis(0),
    ),
  ).toEqual([]);
  expect(deletes(successor)).toEqual(["SECOND", "FIRST"]);
});

test("what is shown of rows shares what has not changed, and keeps what it showed", () => {
  const book = new Book("ledger");
  const ledger = new Map<string, string>();
  write(book, [first, second], ledger);
  const before = book.snapshot();
  expect(book.snapshot()).toBe(before);
  const at = before[1]?.ackedAt;
  book.acknowledged(second.table.id.concat("|k"), { value: "2" }, undefined, millis(7));
  const after = book.snapshot();
  expect(after[0]).toBe(before[0]);
  expect(after[1]).toMatchObject({ acked: { value: "2" }, ackedAt: 7 });
  expect(before[1]).toMatchObject({ acked: { value: "1" }, ackedAt: at });
});
