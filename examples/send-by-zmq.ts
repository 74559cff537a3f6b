// State by ZMQ, as orchagent takes DASH tables: rows go straight to the consumer, and Redis gets a copy.
import { unwrap } from "@tandem/base";
import { Table, ZmqClient, ZmqConsumerStateTable, ZmqProducerStateTable, ZmqServer, zmqSockets } from "@tandem/swss";
import { connected, openStores } from "./open-databases.js";

await using stores = await openStores();
await using sockets = zmqSockets();
const db = await connected(stores, "DPU_APPL_DB");

await using server = new ZmqServer(sockets, "tcp://127.0.0.1:*");
await using consumer = new ZmqConsumerStateTable(db, "EXAMPLE_SCOPE_TABLE", server);
unwrap(await server.bind());

await using client = new ZmqClient(sockets, server.endpoint);
await using producer = new ZmqProducerStateTable(db, "EXAMPLE_SCOPE_TABLE", client);
unwrap(await producer.set("haset0_0", { ha_role: "active", version: "1" }));
unwrap(await producer.set("haset0_0", { ha_role: "active", version: "2" }));

let seen = 0;
for await (const changes of consumer) {
  for (const { op, key, fieldValues } of changes) console.log(op, key, Object.fromEntries(fieldValues));
  seen += changes.length;
  if (seen === 2) break;
}
await producer.flush();
console.log("copy", unwrap(await new Table(db, "EXAMPLE_SCOPE_TABLE").dump()));
unwrap(await new Table(db, "EXAMPLE_SCOPE_TABLE").del("haset0_0"));
