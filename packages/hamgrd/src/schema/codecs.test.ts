import { millis, ok } from "@tandem/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  aggregationCodec,
  dpuKeyCodec,
  keyPartCodec,
  planeStateCodec,
  reportedSessionsCodec,
  sessionListCodec,
} from "./codecs.js";
import { DashHaScopeState } from "./dash-ha-scope-state.js";
import { Dpu } from "./dpu.js";
import { DashBfdProbeState, DpuDashHaScopeState } from "./dpu-reports.js";
import { DpuState } from "./dpu-state.js";
import { formatTimestamp, timestampCodec } from "./timestamp.js";
import { numericVersion } from "./version.js";

const MINIMAL = {
  pa_ipv4: "18.0.202.1",
  dpu_id: "0",
  orchagent_zmq_port: "8100",
  swbus_port: "23606",
  midplane_ipv4: "169.254.200.1",
};

test("a minimal DPU row is read; a missing or wrong field is named", () => {
  expect(Dpu.decode(MINIMAL)).toMatchObject({ ok: true, value: { dpu_id: 0, orchagent_zmq_port: 8100 } });
  for (const name of Object.keys(MINIMAL)) {
    const { [name]: _without, ...rest } = MINIMAL as Readonly<Record<string, string>>;
    expect(Dpu.decode(rest)).toMatchObject({ ok: false, error: { field: name, found: undefined } });
  }
  expect(Dpu.decode({ ...MINIMAL, swbus_port: "99999" })).toMatchObject({ ok: false, error: { field: "swbus_port" } });
  expect(Dpu.decode({ ...MINIMAL, pa_ipv4: "18.0.202" })).toMatchObject({ ok: false, error: { field: "pa_ipv4" } });
});

test("W9: a plane is up or down only when exactly that is said", () => {
  for (const [text, state] of [
    ["up", "up"],
    ["UP", "up"],
    [" Down ", "down"],
    ["", "unknown"],
    ["u", "unknown"],
    ["upward", "unknown"],
    ["unknown", "unknown"],
  ] as const)
    expect(planeStateCodec.parse(text)).toEqual(ok(state));
  expect(DpuState.decode({})).toEqual(
    ok({ dpu_midplane_link_state: "unknown", dpu_control_plane_state: "unknown", dpu_data_plane_state: "unknown" }),
  );
});

test("session lists: commas, blanks, quotes and brackets", () => {
  for (const text of [
    "10.0.0.1,10.1.0.1",
    " 10.0.0.1 , ,10.1.0.1,",
    '["10.0.0.1", "10.1.0.1"]',
    "'10.0.0.1','10.1.0.1'",
  ])
    expect(sessionListCodec.parse(text)).toEqual(ok(["10.0.0.1", "10.1.0.1"]));
  for (const text of ["", "  ", "[]", ",", '""']) expect(sessionListCodec.parse(text)).toEqual(ok([]));
  expect(DashBfdProbeState.decode({ v4_bfd_up_sessions: "10.0.0.1,here" })).toMatchObject({
    ok: false,
    error: { field: "v4_bfd_up_sessions", expected: "a comma list of IP addresses" },
  });
  expect(DashBfdProbeState.decode({})).toEqual(ok({ v4_bfd_up_sessions: [], v6_bfd_up_sessions: [] }));
});

test("times: pmon's layout, its document's, quotes; whole seconds both ways", () => {
  const at = millis(1718032542000);
  expect(formatTimestamp(at)).toBe("Mon Jun 10 03:15:42 PM UTC 2024");
  for (const text of [
    "Mon Jun 10 03:15:42 PM UTC 2024",
    ' "Mon Jun 10 03:15:42 PM UTC 2024" ',
    "Mon 10 Jun 2024 03:15:42 PM UTC",
    "Tue Jun 10  03:15:42 PM UTC 2024",
  ])
    expect(timestampCodec.parse(text)).toEqual(ok(at));
  for (const text of [
    "",
    "now",
    "1718032542000",
    "Mon Jun 31 03:15:42 PM UTC 2024",
    "Mon Jun 10 13:15:42 PM UTC 2024",
    "Mon Foo 10 03:15:42 PM UTC 2024",
  ])
    expect(timestampCodec.parse(text).ok, text).toBe(false);
  expect(timestampCodec.parse("Wed Jun 12 12:00:00 AM UTC 2024")).toEqual(ok(1718150400000));
  expect(timestampCodec.parse("Wed Jun 12 12:00:00 PM UTC 2024")).toEqual(ok(1718193600000));
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7_258_118_400 }), (seconds) => {
      expect(timestampCodec.parse(formatTimestamp(millis(seconds * 1000)))).toEqual(ok(seconds * 1000));
    }),
  );
});

test("slots in keys, quorums, key parts and versions", () => {
  expect(dpuKeyCodec.parse("dpu12")).toEqual(ok(12));
  for (const key of ["", "DPU", "DP0", "DPUx", "DPU-1", "DPU1x"]) expect(dpuKeyCodec.parse(key).ok).toBe(false);
  expect(aggregationCodec.parse("quorum:3")).toEqual(ok({ quorum: 3 }));
  expect(aggregationCodec.format({ quorum: 3 })).toBe("quorum:3");
  for (const text of ["", "quorum:0", "quorum:", "most"]) expect(aggregationCodec.parse(text).ok).toBe(false);
  expect(keyPartCodec.parse("Vlan:55").ok).toBe(false);
  for (const [text, version] of [
    ["1", "1"],
    ["007", "7"],
    ["1.0", "1"],
    ["4294967295", "4294967295"],
    ["4294967296", undefined],
    ["", undefined],
    ["v1", undefined],
  ] as const)
    expect(numericVersion(text)).toBe(version);
});

test("the DPU's report may lack its term, its state, or all but a flag", () => {
  expect(DpuDashHaScopeState.decode({ flow_reconcile_pending: "true" })).toEqual(
    ok({ activate_role_pending: false, flow_reconcile_pending: true, brainsplit_recover_pending: false }),
  );
  expect(DpuDashHaScopeState.decode({ activate_role_pending: "maybe" }).ok).toBe(false);
});

test("no text makes a codec throw", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const codec of [
        planeStateCodec,
        sessionListCodec,
        reportedSessionsCodec,
        timestampCodec,
        dpuKeyCodec,
        aggregationCodec,
        keyPartCodec,
      ])
        codec.parse(text);
      numericVersion(text);
      DashHaScopeState.decode({ pending_operation_ids: text, pending_operation_types: text });
    }),
  );
});
