// A producer that comes back tells only what differs from what it left behind.
import { unwrap } from "@tandem/base";
import { ConsumerStateTable, ProducerStateTable, Table, untilConnected } from "@tandem/swss";
import { redisStoresAt, startRedis } from "@tandem/swss/testing";

await using redis = await startRedis();
await using stores = redisStoresAt(redis);
const appl = unwrap(stores.open({ db: "APPL_DB" }));
await untilConnected(appl);
const rows = new Table(appl, "NEIGH_TABLE");
unwrap(await rows.set("Vlan10:10.0.0.1", { neigh: "aa:aa" }));
unwrap(await rows.set("Vlan10:10.0.0.2", { neigh: "bb:bb" }));

const producer = new ProducerStateTable(appl, "NEIGH_TABLE");
producer.createTempView();
unwrap(await producer.set("Vlan10:10.0.0.1", { neigh: "aa:aa" }));
unwrap(await producer.set("Vlan10:10.0.0.3", { neigh: "cc:cc" }));
console.log(unwrap(await producer.applyTempView()));

await using consumer = new ConsumerStateTable(appl, "NEIGH_TABLE");
const changes = [...unwrap(await consumer.pops())].sort((a, b) => (a.key < b.key ? -1 : 1));
for (const { op, key } of changes) console.log(op, key);

// prints:
// { queued: 2, replaced: 1 }
// DEL Vlan10:10.0.0.2
// SET Vlan10:10.0.0.3
