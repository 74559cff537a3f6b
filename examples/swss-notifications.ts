// Notifications: nothing is stored, whoever listens now gets them.
import { unwrap } from "@tandem/base";
import { describeTableError, NotificationConsumer, NotificationProducer } from "@tandem/swss";
import { redisStoresAt, startRedis } from "@tandem/swss/testing";

await using redis = await startRedis();
await using stores = redisStoresAt(redis);
const asic = unwrap(stores.open({ db: "ASIC_DB" }));

await using consumer = new NotificationConsumer(asic, "NOTIFICATIONS", {
  ops: ["port_state_change", "fdb_event"],
  onError: (error) => console.log(describeTableError(error)),
});
await consumer.untilSubscribed(); // also waits for the connection

const producer = new NotificationProducer(asic, "NOTIFICATIONS");
unwrap(await producer.send("not_wanted", ""));
unwrap(await asic.command(["PUBLISH", "NOTIFICATIONS", '["fdb_event"]']));
console.log("receivers", unwrap(await producer.send("port_state_change", "[]", { switch: "0" })));

for await (const [notification] of consumer) {
  console.log(notification?.op, notification?.data, notification?.fieldValues);
  break;
}

// prints:
// receivers 1
// NOTIFICATIONS: op, data and pairs of field and value were expected: ["fdb_event"]; the notification is dropped
// port_state_change [] [ [ 'switch', '0' ] ]
