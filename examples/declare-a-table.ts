// One declaration per table: types, decoding, errors for people, and its documentation.
import { defineTable, describeRowError, describeTable, type Row, t } from "@tandem/swss";

const ExampleLink = defineTable({
  name: "EXAMPLE_LINK",
  db: "CONFIG_DB",
  spec: "this example",
  key: { link_id: t.text({ doc: "Name of the link." }) },
  fields: {
    speed: t.u32({ doc: "Mbit/s." }),
    admin: t.oneOf(["up", "down"], { doc: "What the operator wants.", absent: "down" }),
  },
});
type ExampleLinkRow = Row<typeof ExampleLink>;

const good = ExampleLink.decode({ speed: "100000" });
if (good.ok) {
  const row: ExampleLinkRow = good.value; // { speed: number, admin: "up" | "down" }
  console.log(row.speed / 1000, "Gbit/s, admin", row.admin);
}

const bad = ExampleLink.decode({ speed: "fast", admin: "up" });
if (!bad.ok) console.log(describeRowError(bad.error, "uplink1"));

console.log(describeTable(ExampleLink));
