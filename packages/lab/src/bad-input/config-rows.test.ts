import { test } from "vitest";
import { type BadTable, badTableTests, but, NOT_UTF8 } from "../testing/bad-rows.js";

const TABLES: readonly BadTable[] = [
  {
    db: "CONFIG_DB",
    table: "DPU",
    key: "sw0_dpu0",
    on: "switch",
    rows: [
      {
        what: "half a row",
        spoil: () => ({ state: "up" }),
        says: "pa_ipv4: expected IPv4 address, it is missing",
        swbusdSays: "error: CONFIG_DB DPU|sw0_dpu0: dpu_id is missing; its last good form stays",
      },
      {
        what: "a text for an address",
        spoil: but({ pa_ipv4: "here" }),
        says: 'pa_ipv4: expected an IPv4 address, found "here"',
      },
      {
        what: "bytes that are no text",
        spoil: but({ midplane_ipv4: NOT_UTF8 }),
        says: 'midplane_ipv4: expected an IPv4 address, found "\\udcff\\udcfe"',
      },
      {
        what: "a port too large",
        spoil: but({ orchagent_zmq_port: "70000" }),
        says: 'orchagent_zmq_port: expected an integer from 1 to 65535, found "70000"',
      },
      {
        what: "a text for a number",
        spoil: but({ dpu_id: "zero" }),
        says: 'dpu_id: expected an integer from 0 to 4294967295, found "zero"',
        swbusdSays:
          'error: CONFIG_DB DPU|sw0_dpu0: dpu_id "zero" is not a number from 0 to 4294967295; its last good form stays',
      },
      {
        what: "an unknown state",
        spoil: but({ state: "sideways" }),
        says: 'state: expected one of up, down, found "sideways"',
      },
    ],
  },
  {
    db: "CONFIG_DB",
    table: "REMOTE_DPU",
    key: "sw1_dpu0",
    on: "switch",
    rows: [
      {
        what: "half a row",
        spoil: () => ({ type: "cluster", dpu_id: "0" }),
        says: "pa_ipv4: expected IPv4 address, it is missing",
        swbusdSays: "error: CONFIG_DB REMOTE_DPU|sw1_dpu0: swbus_port is missing; its last good form stays",
      },
      {
        what: "a text for an address",
        spoil: but({ npu_ipv4: "there" }),
        says: 'npu_ipv4: expected an IPv4 address, found "there"',
        swbusdSays:
          'error: CONFIG_DB REMOTE_DPU|sw1_dpu0: npu_ipv4 "there" is not an IPv4 address; its last good form stays',
      },
      {
        what: "bytes that are no text",
        spoil: but({ swbus_port: NOT_UTF8 }),
        says: 'swbus_port: expected an integer from 1 to 65535, found "\\udcff\\udcfe"',
        swbusdSays:
          'error: CONFIG_DB REMOTE_DPU|sw1_dpu0: swbus_port "\\udcff\\udcfe" is not a number from 1 to 65535; its last good form stays',
      },
    ],
  },
  {
    db: "CONFIG_DB",
    table: "VDPU",
    key: "vdpu0-0",
    on: "switch",
    rows: [
      {
        what: "half a row",
        spoil: () => ({ tier: "1" }),
        says: "main_dpu_ids: expected list of DpuName, it is missing",
      },
      {
        what: "an empty list",
        spoil: but({ main_dpu_ids: "" }),
        says: 'main_dpu_ids: expected at least one DPU, found ""',
      },
      {
        what: "an unknown rule",
        spoil: but({ aggregation: "quorum:0" }),
        says: 'aggregation: expected any, all or quorum:<n> with n of 1 or more, found "quorum:0"',
      },
      {
        what: "an unknown selection",
        spoil: but({ selection: "best" }),
        says: 'selection: expected one of first-up, sticky, balanced, found "best"',
      },
    ],
  },
  {
    db: "CONFIG_DB",
    table: "DASH_HA_GLOBAL_CONFIG",
    key: "global",
    on: "switch",
    rows: [
      {
        what: "a text for a number",
        spoil: but({ dpu_bfd_probe_interval_in_ms: "fast" }),
        says: 'dpu_bfd_probe_interval_in_ms: expected an integer from 0 to 4294967295, found "fast"',
      },
      {
        what: "a port of 0",
        spoil: but({ cp_data_channel_port: "0" }),
        says: 'cp_data_channel_port: expected an integer from 1 to 65535, found "0"',
      },
      {
        what: "a name that would break keys",
        spoil: but({ dpu_vnet: "Vnet:55" }),
        says: 'dpu_vnet: expected a name without : and |, found "Vnet:55"',
      },
      {
        what: "ports the wrong way round",
        spoil: but({ dp_channel_src_port_min: "7011" }),
        says: 'dp_channel_src_port_max: expected a port of dp_channel_src_port_min (7011) or more, found "7010"',
      },
    ],
  },
];

for (const table of TABLES) for (const { name, run } of badTableTests(table)) test(name, run);
