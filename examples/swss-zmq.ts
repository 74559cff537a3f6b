// State by ZMQ, as orchagent takes DASH tables: rows go straight to the consumer, and Redis gets a copy.
import { unwrap } from "@tandem/base";
import {
  Table,
  untilConnected,
  ZmqClient,
  ZmqConsumerStateTable,
  ZmqProducerStateTable,
  ZmqServer,
  zmqSockets,
} from "@tandem/swss";
import { redisStoresAt, startRedis } from "@tandem/swss/testing";

await using redis = await startRedis();
await using stores = redisStoresAt(redis);
await using sockets = zmqSockets();
const db = unwrap(stores.open({ db: "DPU_APPL_DB" }));
await untilConnected(db);

await using server = new ZmqServer(sockets, "tcp://127.0.0.1:*");
await using consumer = new ZmqConsumerStateTable(db, "DASH_HA_SCOPE_TABLE", server);
unwrap(await server.bind());

await using client = new ZmqClient(sockets, server.endpoint);
await using producer = new ZmqProducerStateTable(db, "DASH_HA_SCOPE_TABLE", client);
unwrap(await producer.set("haset0_0", { ha_role: "active", version: "1" }));
unwrap(await producer.set("haset0_0", { ha_role: "active", version: "2" }));

let seen = 0;
for await (const changes of consumer) {
  for (const { op, key, fieldValues } of changes) console.log(op, key, Object.fromEntries(fieldValues));
  seen += changes.length;
  if (seen === 2) break;
}
await producer.flush();
console.log("copy", unwrap(await new Table(db, "DASH_HA_SCOPE_TABLE").dump()));

// prints:
// SET haset0_0 { ha_role: 'active', version: '1' }
// SET haset0_0 { ha_role: 'active', version: '2' }
// copy { 'DASH_HA_SCOPE_TABLE:haset0_0': { ha_role: 'active', version: '2' } }
