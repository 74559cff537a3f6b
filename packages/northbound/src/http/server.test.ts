import assert from "node:assert/strict";
import { unwrap } from "@tandem/base";
import { DashHaScopeConfig } from "@tandem/hamgrd";
import { Table } from "@tandem/swss";
import fc from "fast-check";
import { describe, test } from "vitest";
import { ApiWorld, framesOf } from "../testing/api-world.js";

const SET = "/v1/sets/haset0";
const SCOPE = "/v1/scopes/vdpu0/haset0";
const G = "8dda84ea-fdb4-4edd-b88c-55fc96d02a6f";

async function pair(world: ApiWorld): Promise<void> {
  const set = await world.change("PUT", SET, undefined, { vip_v4: "3.2.1.0", vdpu_ids: ["vdpu0", "vdpu1"] });
  const scope = await world.change("PUT", SCOPE, undefined, { ha_set_id: "haset0", desired_ha_state: "active" });
  assert.deepEqual([set.status, scope.status], [201, 201]);
}

const PENDING = {
  ...{ creation_time_in_ms: "0", last_heartbeat_time_in_ms: "0", local_ip: "18.0.202.1", peer_ip: "18.1.202.1" },
  ...{ local_vdpu_midplane_state: "up", local_vdpu_midplane_state_last_updated_time_in_ms: "0" },
  ...{ local_vdpu_control_plane_state: "up", local_vdpu_control_plane_state_last_updated_time_in_ms: "0" },
  ...{ local_vdpu_data_plane_state: "up", local_vdpu_data_plane_state_last_updated_time_in_ms: "0" },
  ...{ local_vdpu_up_bfd_sessions_v4: "", local_vdpu_up_bfd_sessions_v4_update_time_in_ms: "0" },
  ...{ local_vdpu_up_bfd_sessions_v6: "", local_vdpu_up_bfd_sessions_v6_update_time_in_ms: "0" },
  ...{ local_ha_state: "pending_active_activation" },
  ...{ pending_operation_ids: G, pending_operation_types: "activate_role" },
};

describe("the API on a real Redis", () => {
  test("a pair is created, changed and deleted; versions are conditions", async () => {
    await using world = await ApiWorld.start();
    await pair(world);
    const again = await world.change("PUT", SET, undefined, { vdpu_ids: ["vdpu0", "vdpu1"] });
    assert.deepEqual([again.status, again.body.error], [409, "exists"]);
    const enabled = await world.change("PATCH", SCOPE, 1, { disabled: false });
    assert.deepEqual([enabled.status, enabled.body.version, enabled.headers.get("etag")], [200, "2", '"2"']);
    const stale = await world.change("PATCH", SCOPE, 1, { desired_ha_state: "dead" });
    assert.deepEqual([stale.status, stale.body.error, stale.body.version], [409, "versionMismatch", "2"]);
    const pinned = await world.change("PUT", `${SET}/pins`, 1, { pins: { vdpu1: "up" } });
    assert.deepEqual(pinned.body.config.pinned_vdpu_bfd_probe_states, ["none", "up"]);
    const row = unwrap(await new Table(await world.store("APPL_DB"), DashHaScopeConfig.name).get("vdpu0:haset0"));
    assert.deepEqual(
      row?.map(([field]) => field),
      ["pb"],
    );
    assert.equal((await world.change("DELETE", SCOPE, 2)).status, 200);
    assert.equal((await world.change("DELETE", SCOPE, 2)).status, 404);
  });

  test("of many callers with one version one writes, and none is lost without being told", async () => {
    await using world = await ApiWorld.start();
    await pair(world);
    const states = ["dead", "standalone", "unspecified", "dead", "standalone", "unspecified"];
    const told = await Promise.all(states.map((state) => world.change("PATCH", SCOPE, 1, { desired_ha_state: state })));
    assert.deepEqual(told.map(({ status }) => status).sort(), [200, 409, 409, 409, 409, 409]);
  });

  test("another writer of the row wins over a version that was read before", async () => {
    await using world = await ApiWorld.start();
    await pair(world);
    const table = new Table(await world.store("APPL_DB"), DashHaScopeConfig.name);
    const row = unwrap(DashHaScopeConfig.decode({ version: "9", ha_set_id: "haset0", owner: "dpu" }));
    unwrap(await table.set("vdpu0:haset0", DashHaScopeConfig.encode(row)));
    const told = await world.change("PATCH", SCOPE, 1, { disabled: false });
    assert.deepEqual([told.status, told.body.version], [409, "9"]);
  });

  test("the same key gets the same answer, also after a restart; another request under it is refused", async () => {
    await using world = await ApiWorld.start();
    await pair(world);
    const first = await world.change("PATCH", SCOPE, 1, { disabled: false }, "once");
    await world.restart();
    const again = await world.change("PATCH", SCOPE, 1, { disabled: false }, "once");
    assert.deepEqual([again.status, again.body, again.headers.get("idempotent-replayed")], [200, first.body, "true"]);
    const refused = await world.change("PATCH", SCOPE, 1, { disabled: true }, "twice");
    assert.deepEqual((await world.change("PATCH", SCOPE, 1, { disabled: true }, "twice")).body, refused.body);
    const other = await world.change("PATCH", SCOPE, 2, { disabled: true }, "once");
    assert.deepEqual([other.status, other.body.error], [422, "keyReused"]);
  });

  test("an approval needs an id that is pending, of its type; a consumed one is gone", async () => {
    await using world = await ApiWorld.start();
    await pair(world);
    const states = new Table(await world.store("STATE_DB"), "DASH_HA_SCOPE_STATE");
    unwrap(await states.set("vdpu0|haset0", PENDING));
    const path = `${SCOPE}/approvals`;
    assert.equal((await world.change("POST", path, 1, { id: G, type: "flow_reconcile" })).status, 409);
    const approved = await world.change("POST", path, 1, { id: G, type: "activate_role" });
    assert.deepEqual([approved.status, approved.body.config.approved_pending_operation_ids], [200, [G]]);
    unwrap(await states.set("vdpu0|haset0", { pending_operation_ids: "", pending_operation_types: "" }));
    const gone = await world.change("POST", path, 2, { id: G, type: "activate_role" });
    assert.deepEqual([gone.status, gone.body.error], [410, "gone"]);
  });

  test("events are told in order, and resumed behind the last; after a restart the reader is told to read anew", async () => {
    await using world = await ApiWorld.start();
    const states = new Table(await world.store("STATE_DB"), "DASH_HA_SCOPE_STATE");
    const stopped = new AbortController();
    const frames = framesOf(await fetch(world.url("/v1/events"), { signal: stopped.signal }));
    assert.equal((await frames.next()).value?.event, "ready");
    unwrap(await states.set("vdpu0|haset0", PENDING));
    const [state, operation] = [(await frames.next()).value, (await frames.next()).value];
    assert.deepEqual([state?.event, operation?.event], ["ha_state_changed", "pending_op_created"]);
    assert.equal(JSON.parse(operation?.data ?? "").id, G);
    stopped.abort();
    const headers = { "last-event-id": state?.id ?? "" };
    const resumed = framesOf(await fetch(world.url("/v1/events"), { headers }));
    assert.equal((await resumed.next()).value?.event, "ready");
    assert.deepEqual((await resumed.next()).value, operation);
    await world.restart();
    const anew = framesOf(await fetch(world.url("/v1/events"), { headers }));
    assert.equal((await anew.next()).value?.event, "reset");
    await anew.return(undefined);
  });

  test("a token is asked for, everywhere but at health, readiness and metrics", async () => {
    await using world = await ApiWorld.start({ token: "a-token-of-some-length" });
    const statuses = async (path: string): Promise<readonly number[]> => [
      (await world.ask("GET", path)).status,
      (await world.ask("GET", path, undefined, { authorization: "Bearer wrong" })).status,
      (await world.ask("GET", path, undefined, { authorization: "Bearer a-token-of-some-length" })).status,
    ];
    for (const path of ["/v1/scopes", "/openapi.json", "/", "/v1/nothing"]) {
      assert.deepEqual((await statuses(path)).slice(0, 2), [401, 401], path);
    }
    assert.equal((await statuses("/v1/scopes"))[2], 200);
    for (const path of ["/health", "/ready", "/metrics"]) assert.deepEqual(await statuses(path), [200, 200, 200], path);
  });

  test("whatever is sent, the answer is JSON with a status below 500, and no row changes", async () => {
    await using world = await ApiWorld.start();
    await pair(world);
    const before = (await world.ask("GET", "/v1/scopes")).body;
    const routes = [
      ["PUT", SET],
      ["PUT", `${SET}/pins`],
      ["PATCH", SCOPE],
      ["POST", `${SCOPE}/approvals`],
      ["POST", `${SCOPE}/reset`],
    ] as const;
    const anything = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constant("{".repeat(2000)),
      fc.constant(JSON.stringify({ x: "x".repeat(20_000) })),
      fc
        .record({ disabled: fc.anything(), pins: fc.anything(), id: fc.anything(), type: fc.anything() })
        .map((value) => {
          try {
            return JSON.stringify(value, (_, part) => (typeof part === "bigint" ? String(part) : part)) ?? "";
          } catch {
            return "";
          }
        }),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), anything, fc.nat(1000), async ([method, path], body, n) => {
        const told = await world.change(method, path, 77, body, `fuzz-${n}`);
        assert.ok(told.status >= 400 && told.status < 500, `${told.status} ${JSON.stringify(told.body)}`);
        assert.equal(told.body.schema, "tandem.api.error.v1");
      }),
      { numRuns: 60 },
    );
    assert.deepEqual((await world.ask("GET", "/v1/scopes")).body, before);
  });
});
