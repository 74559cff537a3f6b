import { ok } from "@tandem/base";
import type { AnyTable } from "@tandem/swss";
import { arbitraryRow } from "@tandem/swss/testing/arbitrary";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TABLES } from "./all-tables.js";

const all: readonly AnyTable[] = Object.values(TABLES).flat();

test("every table is listed once", () => {
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
});

/** Fields of lists and addresses have many spellings; what is written is always read back, and written the same. */
for (const table of all)
  test(`rows of ${table.id} are written as they are read`, () => {
    fc.assert(
      fc.property(arbitraryRow(table), (row) => {
        const fields = table.encodePlain(row as never);
        const read = table.decode(fields);
        if (!read.ok) {
          expect(table.check).toBeDefined();
          return;
        }
        expect(table.decode(table.encodePlain(read.value))).toEqual(ok(read.value));
      }),
    );
  });

test("no fields make a table throw", () => {
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.dictionary(fc.string(), fc.string()), fc.string(), (table, fields, key) => {
      table.decode(fields);
      table.parseKey(key);
      table.unknownFields(fields);
      for (const name of Object.keys(table.fields)) table.decode({ ...fields, [name]: key });
    }),
    { numRuns: 500 },
  );
});
