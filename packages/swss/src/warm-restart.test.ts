import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import { describe, test } from "vitest";
import { Table } from "./table.js";
import { dumpKeyspace, TABLE_WORLDS } from "./testing/table-world.js";
import { WarmRestart } from "./warm-restart.js";

for (const [world, open] of TABLE_WORLDS) {
  describe(`warm restart on ${world}`, () => {
    test("a start is warm when system or container say so and a count exists, and is counted", async () => {
      await using w = await open();
      const store = await w.store("STATE_DB");
      const enable = new Table(store, "WARM_RESTART_ENABLE_TABLE");
      const app = new WarmRestart(store, "orchagent", "swss");
      assert.deepEqual(unwrap(await app.start()), { warm: false, restoreCount: 0 });
      unwrap(await enable.hset("swss", "enable", "true"));
      assert.deepEqual(unwrap(await app.start()), { warm: true, restoreCount: 1 });
      unwrap(await enable.hset("swss", "enable", "false"));
      unwrap(await enable.hset("system", "enable", "true"));
      assert.deepEqual(unwrap(await app.start()), { warm: true, restoreCount: 2 });
      unwrap(await enable.hset("system", "enable", "false"));
      assert.deepEqual(unwrap(await app.start()), { warm: false, restoreCount: 0 });
      const fresh = new WarmRestart(store, "fresh", "swss");
      unwrap(await enable.hset("system", "enable", "true"));
      assert.deepEqual(unwrap(await fresh.start()), { warm: false, restoreCount: 0 });
    });

    test("states, checks and the timer use upstream's rows", async () => {
      await using w = await open();
      const [state, config] = [await w.store("STATE_DB"), await w.store("CONFIG_DB")];
      const app = new WarmRestart(state, "bgp", "bgp");
      assert.equal(unwrap(await app.state()), undefined);
      unwrap(await app.setState("reconciled"));
      unwrap(await app.setCheck("restore_check", "passed"));
      assert.equal(unwrap(await app.state()), "reconciled");
      assert.deepEqual(await dumpKeyspace(state), {
        "WARM_RESTART_TABLE|bgp": { hash: { state: "reconciled", restore_check: "passed" } },
      });
      assert.equal(unwrap(await app.timerSeconds(config)), undefined);
      unwrap(await new Table(config, "WARM_RESTART").hset("bgp", "bgp_timer", "120"));
      assert.equal(unwrap(await app.timerSeconds(config)), 120);
    });
  });
}
