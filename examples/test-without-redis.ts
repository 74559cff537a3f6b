// The same tables without a server, under virtual time: for tests of what is built on them.
import { seconds, seededRandom, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { SubscriberStateTable, Table, untilConnected } from "@tandem/swss";
import { MemoryRedis, MemoryStores } from "@tandem/swss/testing";

const clock = new VirtualClock();
const redis = new MemoryRedis({ clock });
await using stores = new MemoryStores({ clock, random: seededRandom(1), servers: [{ redis }] });
const state = unwrap(stores.open({ db: "STATE_DB" }));
await clock.run(untilConnected(state), seconds(10));

const table = new Table(state, "PORT_TABLE");
await using subscriber = new SubscriberStateTable(state, "PORT_TABLE", { clock });
await subscriber.untilSubscribed();
unwrap(await table.set("Ethernet0", { oper: "up" }));
console.log(unwrap(await subscriber.pops()).map(({ op, key }) => `${op} ${key}`));

redis.kill(); // the server dies; its data is lost
await clock.advance(seconds(1));
const lost = await table.hset("Ethernet0", "oper", "down");
console.log(lost.ok ? "written" : lost.error.kind);
redis.restart();
await clock.advance(seconds(5));
console.log(unwrap(await subscriber.pops()).map(({ op, key }) => `${op} ${key}`));
