// A notification: an operation, data and fields, to whoever listens now.
import { unwrap } from "@tandem/base";
import { NotificationConsumer, NotificationProducer, recordOf } from "@tandem/swss";
import { connected, openStores } from "./open-databases.js";

await using stores = await openStores();
const store = await connected(stores, "STATE_DB");

await using consumer = new NotificationConsumer(store, "EXAMPLE_EVENTS");
await consumer.untilSubscribed(); // what is sent before is lost

const producer = new NotificationProducer(store, "EXAMPLE_EVENTS");
const listeners = unwrap(await producer.send("flush", "vlan10", { reason: "example" }));
console.log("heard by", listeners);

for await (const [notification] of consumer) {
  if (notification === undefined) continue;
  console.log(notification.op, notification.data, recordOf(notification.fieldValues));
  break;
}
