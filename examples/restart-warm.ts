// A producer that comes back tells only what differs from what it left behind.
import { unwrap } from "@tandem/base";
import { ConsumerStateTable, ProducerStateTable, Table } from "@tandem/swss";
import { connected, openStores } from "./open-databases.js";

await using stores = await openStores();
const appl = await connected(stores, "APPL_DB");
const rows = new Table(appl, "EXAMPLE_NEIGH_TABLE");
unwrap(await rows.set("Vlan10:10.0.0.1", { neigh: "aa:aa" }));
unwrap(await rows.set("Vlan10:10.0.0.2", { neigh: "bb:bb" }));

const producer = new ProducerStateTable(appl, "EXAMPLE_NEIGH_TABLE");
producer.createTempView();
unwrap(await producer.set("Vlan10:10.0.0.1", { neigh: "aa:aa" }));
unwrap(await producer.set("Vlan10:10.0.0.3", { neigh: "cc:cc" }));
console.log(unwrap(await producer.applyTempView()));

await using consumer = new ConsumerStateTable(appl, "EXAMPLE_NEIGH_TABLE");
const changes = [...unwrap(await consumer.pops())].sort((a, b) => (a.key < b.key ? -1 : 1));
for (const { op, key } of changes) console.log(op, key);
unwrap(await rows.del("Vlan10:10.0.0.1", "Vlan10:10.0.0.3"));
