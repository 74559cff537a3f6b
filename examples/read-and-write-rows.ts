// Rows directly: set merges fields, get gives the row or undefined, and nobody is woken.
import { unwrap } from "@tandem/base";
import { recordOf, Table } from "@tandem/swss";
import { connected, openStores } from "./open-databases.js";

await using stores = await openStores();
const table = new Table(await connected(stores, "STATE_DB"), "EXAMPLE_PORT_TABLE");

unwrap(await table.set("Ethernet0", { state: "ok", mtu: "9100" }));
unwrap(await table.set("Ethernet0", { mtu: "1500" })); // merges

const row = unwrap(await table.get("Ethernet0"));
console.log("Ethernet0:", row === undefined ? "no such row" : recordOf(row));

unwrap(await table.del("Ethernet0"));
console.log("after del:", unwrap(await table.get("Ethernet0")));
