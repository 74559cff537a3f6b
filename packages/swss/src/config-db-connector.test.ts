import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import fc from "fast-check";
import { describe, test } from "vitest";
import { type ConfigChange, ConfigDBConnector } from "./config-db-connector.js";
import { decodeConfigEntry, encodeConfigEntry, joinConfigKey, splitConfigKey } from "./config-entry.js";
import { dumpKeyspace, TABLE_WORLDS, type TableWorld } from "./testing/table-world.js";

async function connector(w: TableWorld) {
  const store = await w.store("CONFIG_DB");
  return { store, config: new ConfigDBConnector(store, w.clock) };
}

for (const [world, open] of TABLE_WORLDS) {
  describe(`CONFIG_DB conventions on ${world}`, () => {
    test("lists, numbers and rows without fields are stored as swss-common stores them, and read back", async () => {
      await using w = await open();
      const { store, config } = await connector(w);
      unwrap(await config.setEntry("vlan", "Vlan10", { vlanid: 10, ports: ["Ethernet0", "Ethernet4"], up: true }));
      unwrap(await config.setEntry("VLAN_MEMBER", ["Vlan10", "Ethernet0"], {}));
      assert.deepEqual(await dumpKeyspace(store), {
        "VLAN|Vlan10": { hash: { vlanid: "10", "ports@": "Ethernet0,Ethernet4", up: "true" } },
        "VLAN_MEMBER|Vlan10|Ethernet0": { hash: { NULL: "NULL" } },
      });
      assert.deepEqual(unwrap(await config.getEntry("VLAN", "Vlan10")), {
        vlanid: "10",
        ports: ["Ethernet0", "Ethernet4"],
        up: "true",
      });
      assert.deepEqual(unwrap(await config.getEntry("vlan_member", ["Vlan10", "Ethernet0"])), {});
      assert.equal(unwrap(await config.getEntry("VLAN", "Vlan11")), undefined);
      assert.deepEqual(unwrap(await config.getKeys("VLAN_MEMBER")), [["Vlan10", "Ethernet0"]]);
    });

    test("set makes the entry exactly this, mod merges, null deletes", async () => {
      await using w = await open();
      const { store, config } = await connector(w);
      unwrap(await config.setEntry("T", "a", { x: "1", y: "2" }));
      unwrap(await config.modEntry("T", "a", { z: "3" }));
      assert.deepEqual(await dumpKeyspace(store), { "T|a": { hash: { x: "1", y: "2", z: "3" } } });
      unwrap(await config.setEntry("T", "a", { x: "9" }));
      assert.deepEqual(await dumpKeyspace(store), { "T|a": { hash: { x: "9" } } });
      unwrap(await config.setEntry("T", "a", null));
      unwrap(await config.modEntry("T", "b", null));
      assert.deepEqual(await dumpKeyspace(store), {});
    });

    test("a configuration is read and changed as a whole", async () => {
      await using w = await open();
      const { store, config } = await connector(w);
      unwrap(await store.command(["SET", "CONFIG_DB_INITIALIZED", "1"]));
      unwrap(await store.command(["SET", "TEXT|a", "not a row"]));
      unwrap(await config.modConfig({ T: { a: { f: "1" }, b: {} }, U: { c: { f: "2" } }, V: {} }));
      assert.deepEqual(unwrap(await config.getConfig()), { T: { a: { f: "1" }, b: {} }, U: { c: { f: "2" } } });
      unwrap(await config.modConfig({ T: { a: null, d: { g: "3" } }, U: null }));
      assert.deepEqual(unwrap(await config.getConfig()), { T: { b: {}, d: { g: "3" } } });
      unwrap(await config.deleteTable("t"));
      assert.deepEqual(unwrap(await config.getTable("T")), {});
    });

    test("a listener is given all entries, then each change", async () => {
      await using w = await open();
      const { config } = await connector(w);
      unwrap(await config.modConfig({ T: { a: { f: "1" } }, OTHER: { x: { f: "1" } } }));
      const other = new ConfigDBConnector(await w.store("CONFIG_DB"), w.clock);
      await using listener = other.listen(["t"]);
      const seen: ConfigChange[] = [];
      const written: Promise<unknown>[] = [];
      for await (const changes of listener) {
        seen.push(...changes);
        if (seen.length === 1) written.push(config.setEntry("T", ["b", "c"], { l: ["1"] }));
        if (seen.length === 2) written.push(config.setEntry("T", "a", null));
        if (seen.length >= 3) break;
      }
      await Promise.all(written);
      assert.deepEqual(seen, [
        { table: "T", key: "a", entry: { f: "1" } },
        { table: "T", key: ["b", "c"], entry: { l: ["1"] } },
        { table: "T", key: "a", entry: null },
      ]);
    });

    for (const events of ["AKE", ""]) {
      test(`the wait for a complete configuration ends when it is, with key events "${events}"`, async () => {
        await using w = await open({ "notify-keyspace-events": events });
        const { store, config } = await connector(w);
        unwrap(await store.command(["SET", "CONFIG_DB_INITIALIZED", ""]));
        const initialized = config.untilInitialized();
        unwrap(await (await w.store("CONFIG_DB")).command(["SET", "CONFIG_DB_INITIALIZED", "1"]));
        assert.equal(await w.run(initialized), true);
        assert.equal(await w.run(config.untilInitialized()), true);
      });
    }

    test("the wait for a complete configuration can be given up", async () => {
      await using w = await open();
      const { config } = await connector(w);
      const giveUp = new AbortController();
      const initialized = config.untilInitialized(giveUp.signal);
      giveUp.abort();
      assert.equal(await w.run(initialized), false);
      assert.equal(await w.run(config.untilInitialized(giveUp.signal)), false);
    });
  });
}

test("an entry survives encode and decode: other values come back as text, and lists are never empty", () => {
  const name = fc.string().filter((text) => !text.includes("@") && text !== "NULL");
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(
      fc.string().filter((text) => !text.includes(",")),
      { maxLength: 3 },
    ),
  );
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (entry) => {
      const expected = Object.entries(entry).map(([field, written]) => {
        if (!Array.isArray(written)) return [field, String(written)];
        return [field, written.length === 0 ? [""] : written];
      });
      assert.deepEqual(decodeConfigEntry(encodeConfigEntry(entry)), Object.fromEntries(expected));
    }),
  );
});

test("no row and no key makes the readers of CONFIG_DB throw", () => {
  const field = fc.oneof(fc.constantFrom("ports@", "@", "NULL", "a@b"), fc.string());
  fc.assert(
    fc.property(fc.array(fc.tuple(field, fc.string())), fc.string(), (fieldValues, key) => {
      decodeConfigEntry(fieldValues);
      assert.equal(joinConfigKey(splitConfigKey(key, "|"), "|"), key);
    }),
  );
});
