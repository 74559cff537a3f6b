// A producer and a consumer of one state table, as orchagent and its manager are.
import { unwrap } from "@tandem/base";
import { ConsumerStateTable, ProducerStateTable } from "@tandem/swss";
import { redisStoresAt, startRedis } from "@tandem/swss/testing";

await using redis = await startRedis();
await using stores = redisStoresAt(redis);
const appl = unwrap(stores.open({ db: "APPL_DB" }));

// A consumer may come first, last, or before Redis: it finds what waits.
await using consumer = new ConsumerStateTable(appl, "ROUTE_TABLE");
await consumer.untilSubscribed(); // also waits for the connection

const producer = new ProducerStateTable(appl, "ROUTE_TABLE");
unwrap(await producer.set("10.0.0.0/24", { nexthop: "10.1.0.1", ifname: "Ethernet0" }));
unwrap(await producer.set("10.0.0.0/24", { nexthop: "10.1.0.2" })); // merges: nobody has taken the first yet

for await (const changes of consumer) {
  for (const { op, key, fieldValues } of changes) console.log(op, key, Object.fromEntries(fieldValues));
  break;
}

// prints:
// SET 10.0.0.0/24 { nexthop: '10.1.0.2', ifname: 'Ethernet0' }
