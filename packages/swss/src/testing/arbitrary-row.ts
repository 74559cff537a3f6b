import fc from "fast-check";
import type { Field, Sample } from "../field.js";
import type { Row, TableSchema } from "../table-schema.js";

/** Random rows of a table, drawn from its declaration. */
export function arbitraryRow<T extends TableSchema>(table: T): fc.Arbitrary<Row<T>> {
  const members: Record<string, fc.Arbitrary<unknown>> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(table.fields) as [string, Field<unknown>][]) {
    members[name] = arbitraryValue(field.codec.sample);
    if (field.presence !== "optional") required.push(name);
    // An optional field cannot hold the text "none": it reads as absent.
    else members[name] = members[name].filter((value) => field.codec.format(value) !== "none");
  }
  return fc.record(members, { requiredKeys: required }) as fc.Arbitrary<Row<T>>;
}

function arbitraryValue(sample: Sample): fc.Arbitrary<unknown> {
  switch (sample.kind) {
    case "integer":
      return fc.integer({ min: Math.max(sample.min, -(2 ** 31)), max: Math.min(sample.max, 2 ** 31 - 1) });
    case "oneOf":
      return fc.constantFrom(...sample.values);
    case "text":
      return fc.string({ unit: "grapheme" });
    case "bytes":
      return fc.uint8Array().map((bytes) => Buffer.from(bytes));
    case "ipv4":
      return fc.ipV4();
    case "ipv6":
      return fc.ipV6();
    case "boolean":
      return fc.boolean();
    case "timestamp":
      return fc.integer({ min: 0, max: 4_102_444_800 }).map((seconds) => seconds * 1000);
    case "list":
      return fc.array(
        sample.item.kind === "text" ? fc.stringMatching(/^[a-z0-9_-]{1,12}$/) : arbitraryValue(sample.item),
      );
  }
}
