import { test } from "vitest";
import { type BadTable, badTableTests, but, NOT_UTF8 } from "../testing/bad-rows.js";

const TIME = "a time like Mon Jun 10 03:15:42 PM UTC 2024";

const TABLES: readonly BadTable[] = [
  {
    db: "CHASSIS_STATE_DB",
    table: "DPU_STATE",
    key: "DPU0",
    on: "switch",
    rows: [
      {
        what: "a time in another layout",
        spoil: but({ dpu_midplane_link_time: "yesterday" }),
        says: `dpu_midplane_link_time: expected ${TIME}, found "yesterday"`,
      },
      {
        what: "a state together with a bad time",
        spoil: but({ dpu_data_plane_state: "down", dpu_data_plane_time: "Mon Jun 31 03:15:42 PM UTC 2024" }),
        says: `dpu_data_plane_time: expected ${TIME}, found "Mon Jun 31 03:15:42 PM UTC 2024"`,
      },
      {
        what: "bytes that are no text",
        spoil: but({ dpu_data_plane_time: NOT_UTF8 }),
        says: `dpu_data_plane_time: expected ${TIME}, found "\\udcff\\udcfe"`,
      },
    ],
  },
  {
    db: "DPU_STATE_DB",
    table: "DASH_BFD_PROBE_STATE",
    key: "dash_ha",
    on: "dpu",
    rows: [
      {
        what: "a list of what is no address",
        spoil: but({ v4_bfd_up_sessions: "10.0.0.1,somewhere" }),
        says: 'v4_bfd_up_sessions: expected a comma list of IP addresses, found "10.0.0.1,somewhere"',
      },
      {
        what: "bytes that are no text",
        spoil: but({ v6_bfd_up_sessions: NOT_UTF8 }),
        says: 'v6_bfd_up_sessions: expected a comma list of IP addresses, found "\\udcff\\udcfe"',
      },
      {
        what: "a time in another layout",
        spoil: but({ v4_bfd_up_sessions: "", v4_bfd_up_sessions_timestamp: "1718032542000" }),
        says: `v4_bfd_up_sessions_timestamp: expected ${TIME}, found "1718032542000"`,
      },
    ],
  },
  {
    db: "DPU_STATE_DB",
    table: "DASH_HA_SCOPE_STATE_TABLE",
    key: "haset0-0",
    on: "dpu",
    rows: [
      {
        what: "a flag that is neither",
        spoil: but({ activate_role_pending: "perhaps" }),
        says: 'activate_role_pending: expected true, false, 1 or 0, found "perhaps"',
      },
      {
        what: "a time that is no number",
        spoil: but({ ha_state: "dead", ha_state_start_time: "now" }),
        says: 'ha_state_start_time: expected an integer from -9007199254740991 to 9007199254740991, found "now"',
      },
      {
        what: "bytes that are no text",
        spoil: but({ last_updated_time: NOT_UTF8 }),
        says: 'last_updated_time: expected an integer from -9007199254740991 to 9007199254740991, found "\\udcff\\udcfe"',
      },
    ],
  },
];

for (const table of TABLES) for (const { name, run } of badTableTests(table)) test(name, run);
