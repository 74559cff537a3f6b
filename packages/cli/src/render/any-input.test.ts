import type { Json } from "@tandem/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { committedFields, parseActorDump, renderActor } from "./actor.js";
import { parseBigJson, prettyJson, unmarked } from "./big-json.js";
import {
  renderFlowSyncSessions,
  renderGlobalConfig,
  renderHaSets,
  renderScopeDetails,
  renderScopes,
} from "./dash-ha.js";
import { haScopeLines, pendingOperations, renderHa, renderPending } from "./ha.js";
import type { TableRow } from "./rows.js";
import { listItems, stamp, stateName } from "./words.js";

const NOW = 1_767_225_600_000;
const times = { format: (seconds: number) => `t${seconds}`, nowSeconds: NOW / 1000 };

test("no text makes the reader of actor dumps throw, and what it takes is shown", () => {
  const json = fc.jsonValue();
  const near = fc
    .record({
      incoming: fc.dictionary(fc.string(), json),
      internal: fc.dictionary(fc.string(), fc.oneof(json, fc.record({ backup_fvs: json, swss_table_name: json }))),
      outgoing: fc.record({ outgoing_sent: json, outgoing_queued: fc.oneof(fc.array(json), json) }),
    })
    .map((dump) => JSON.stringify(dump));
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), near), (text) => {
      const dump = parseActorDump(text);
      if (!dump.ok) return;
      expect(typeof renderActor(dump.value, times)).toBe("string");
      committedFields(dump.value, "T");
      unmarked(dump.value.raw);
    }),
    { numRuns: 500 },
  );
});

test("big integers keep every digit, other JSON is as it was", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (number) => {
      const parsed = parseBigJson(`{"id": ${number}}`);
      expect(parsed.ok && prettyJson(parsed.value)).toBe(`{\n  "id": ${number}\n}`);
    }),
  );
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (text) => {
      const parsed = parseBigJson(text);
      if (!parsed.ok || /\d{16}/.test(text)) return;
      expect(parsed.value).toEqual(JSON.parse(text) as Json);
    }),
  );
});

test("whatever the rows hold, the tables are shown", () => {
  const names = [
    ...["owner", "ha_set_id", "scope", "local_ha_state", "local_acked_term", "peer_ha_state"],
    ...["pending_operation_ids", "pending_operation_types", "local_vdpu_midplane_state"],
    ...["pending_operation_list_last_updated_time_in_ms", "local_ha_state_last_updated_time_in_ms"],
    ...["local_vdpu_up_bfd_sessions_v4", "last_updated_time", "vdpu_ids"],
  ];
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("switch", "eni", "1767225600000", "[a,'b']"));
  const row: fc.Arbitrary<TableRow> = fc.record({
    key: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
    fields: fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), text),
  });
  const rows = fc.array(row, { maxLength: 4 });
  fc.assert(
    fc.property(rows, rows, rows, (states, configs, sets) => {
      const lines = haScopeLines(states, configs, sets, NOW);
      const printed = [
        renderHa(lines),
        renderPending(pendingOperations(states, NOW)),
        renderGlobalConfig(configs[0]),
        renderHaSets(configs.map((config) => ({ config, state: states[0], owner: undefined }))),
        renderScopes(states),
        renderScopeDetails(states),
      ];
      for (const text of printed) expect(text === "" || text.endsWith("\n")).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.string(), (found) => {
      stateName(found);
      stamp(found);
      listItems(found);
    }),
  );
  expect(typeof renderFlowSyncSessions([])).toBe("string");
});
