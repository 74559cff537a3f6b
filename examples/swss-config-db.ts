// Following the configuration: first what is there, then each change, as typed rows where the table is declared.
import { unwrap } from "@tandem/base";
import { ConfigDBConnector, decodeChange, defineTable, describeRowError, SubscriberStateTable, t } from "@tandem/swss";
import { redisStoresAt, startRedis } from "@tandem/swss/testing";

const Vlan = defineTable({
  name: "VLAN",
  db: "CONFIG_DB",
  spec: "SONiC Configuration, VLAN",
  key: { name: t.text({ doc: "Vlan and its number." }) },
  fields: { vlanid: t.text({ doc: "Its number." }), up: t.bool({ doc: "Whether it is used.", absent: true }) },
});

await using redis = await startRedis();
await using stores = redisStoresAt(redis);
const config = new ConfigDBConnector(unwrap(stores.open({ db: "CONFIG_DB" })));
await using vlans = new SubscriberStateTable(config.store, Vlan.name);
await vlans.untilSubscribed(); // also waits for the connection

unwrap(await config.setEntry("VLAN", "Vlan10", { vlanid: 10 }));

let seen = 0;
for await (const changes of vlans) {
  for (const change of changes) {
    const typed = decodeChange(Vlan, change);
    if (!typed.ok) console.log(describeRowError(typed.error, change.key));
    else if (typed.value.op === "SET") console.log("vlan", typed.value.key.name, typed.value.row);
    else console.log("gone", typed.value.key.name);
  }
  seen += changes.length;
  if (seen === 1) unwrap(await config.modEntry("VLAN", "Vlan10", { up: "perhaps" }));
  if (seen === 2) unwrap(await config.setEntry("VLAN", "Vlan10", null));
  if (seen === 3) break;
}

// prints:
// vlan Vlan10 { vlanid: '10', up: true }
// CONFIG_DB VLAN "Vlan10": up: expected true, false, 1 or 0, found "perhaps"; the last good row stays
// gone Vlan10
