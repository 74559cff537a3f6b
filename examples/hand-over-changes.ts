// Producer and consumer state table: changes of one key merge until the consumer takes them, so it sees the latest
// state and never more changes than keys, also those made before it was there.
import { unwrap } from "@tandem/base";
import { ConsumerStateTable, ProducerStateTable, recordOf } from "@tandem/swss";
import { connected, openStores } from "./open-databases.js";

await using stores = await openStores();
const store = await connected(stores, "APPL_DB");
const producer = new ProducerStateTable(store, "EXAMPLE_ROUTE_TABLE");

unwrap(await producer.set("10.0.0.0/24", { nexthop: "10.1.0.1" }));
unwrap(await producer.set("10.0.0.0/24", { nexthop: "10.1.0.2", ifname: "Ethernet0" }));
unwrap(await producer.del("10.9.0.0/24"));

await using consumer = new ConsumerStateTable(store, "EXAMPLE_ROUTE_TABLE");
let seen = 0;
for await (const changes of consumer) {
  for (const { op, key, fieldValues } of changes) console.log(op, key, recordOf(fieldValues));
  seen += changes.length;
  if (seen === 2) break;
}
unwrap(await store.command(["DEL", "EXAMPLE_ROUTE_TABLE:10.0.0.0/24"]));
