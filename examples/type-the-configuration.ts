// Following the configuration: first what is there, then each change, as typed rows where the table is declared.
import { unwrap } from "@tandem/base";
import {
  ConfigDBConnector,
  decodeChange,
  defineTable,
  describeRowError,
  enableKeyspaceEvents,
  SubscriberStateTable,
  t,
} from "@tandem/swss";
import { connected, openStores } from "./open-databases.js";

const Vlan = defineTable({
  name: "EXAMPLE_TYPED_VLAN",
  db: "CONFIG_DB",
  spec: "SONiC Configuration, VLAN",
  key: { name: t.text({ doc: "Vlan and its number." }) },
  fields: { vlanid: t.text({ doc: "Its number." }), up: t.bool({ doc: "Whether it is used.", absent: true }) },
});

await using stores = await openStores();
const config = new ConfigDBConnector(await connected(stores, "CONFIG_DB"));
unwrap(await enableKeyspaceEvents(config.store)); // SONiC images have them on
unwrap(await config.setEntry(Vlan.name, "Vlan10", { vlanid: 10 }));

await using vlans = new SubscriberStateTable(config.store, Vlan.name);

let seen = 0;
for await (const changes of vlans) {
  for (const change of changes) {
    const typed = decodeChange(Vlan, change);
    if (!typed.ok) console.log(describeRowError(typed.error, change.key));
    else if (typed.value.op === "SET") console.log("vlan", typed.value.key.name, typed.value.row);
    else console.log("gone", typed.value.key.name);
  }
  seen += changes.length;
  if (seen === 1) unwrap(await config.modEntry(Vlan.name, "Vlan10", { up: "perhaps" }));
  if (seen === 2) unwrap(await config.setEntry(Vlan.name, "Vlan10", null));
  if (seen === 3) break;
}
