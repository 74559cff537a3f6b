// Follow a table that anybody writes: first all its rows, then each change.
import { unwrap } from "@tandem/base";
import { enableKeyspaceEvents, recordOf, SubscriberStateTable, Table } from "@tandem/swss";
import { connected, openStores } from "./open-databases.js";

await using stores = await openStores();
const store = await connected(stores, "CONFIG_DB");
unwrap(await enableKeyspaceEvents(store)); // SONiC images have them on

const table = new Table(store, "EXAMPLE_VLAN");
unwrap(await table.set("Vlan10", { vlanid: "10" }));

await using follower = new SubscriberStateTable(store, "EXAMPLE_VLAN");
for await (const changes of follower) {
  for (const { op, key, fieldValues } of changes) {
    console.log(op, key, recordOf(fieldValues));
    if (op === "SET" && key === "Vlan10") unwrap(await table.set("Vlan20", { vlanid: "20" }));
    if (op === "SET" && key === "Vlan20") unwrap(await table.del("Vlan10", "Vlan20"));
  }
  if (changes.some(({ op, key }) => op === "DEL" && key === "Vlan20")) break;
}
