import type { AnyActor } from "@tandem/actor";
import { TestHarness, type World } from "@tandem/actor/testing";
import type { Json } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";
import { DPU_SINKS, SWITCH_SINKS } from "../daemon/sinks.js";
import { type DpuActorState, encodeDpuState } from "../ports/dpu-port.js";
import { LoopbackInterface } from "../schema/loopback-interface.js";

/** The cluster of sonic-dash-ha's own tests (crates/hamgrd/src/actors/test.rs): switch s, DPU d. */
export const fixture = {
  npu: (s: number, d: number): string => `10.0.${s}.${d}`,
  pa: (s: number, d: number): string => `18.0.${s}.${d}`,
  vip: (s: number, d: number): string => `3.2.${Math.floor(s / 2)}.${d}`,
  vip6: (s: number, d: number): string => (s < 2 && d === 0 ? "3:2::" : `3:2:${Math.floor(s / 2)}::${d}`),
  dpu: (s: number, d: number): string => `switch${s}_dpu${d}`,
  vdpu: (s: number, d: number): string => `vdpu${s}-${d}`,
  haSet: (s: number, d: number): string => `haset${Math.floor(s / 2)}-${d}`,
  dpuRow: (s: number, d: number): Fields => ({
    pa_ipv4: fixture.pa(s, d),
    dpu_id: String(d),
    vdpu_id: `vdpu${8 * s + d}`,
    orchagent_zmq_port: "8100",
    swbus_port: String(23606 + d),
    midplane_ipv4: "127.0.0.1",
    state: "up",
  }),
  remoteDpuRow: (s: number, d: number): Fields => ({
    type: "cluster",
    pa_ipv4: fixture.pa(s, d),
    npu_ipv4: fixture.npu(s, d),
    dpu_id: String(d),
    swbus_port: String(23606 + d),
  }),
  global: {
    dpu_bfd_probe_interval_in_ms: "1000",
    dpu_bfd_probe_multiplier: "3",
    cp_data_channel_port: "12345",
    dp_channel_dst_port: "23456",
    dp_channel_src_port_min: "34567",
    dp_channel_src_port_max: "45678",
    dp_channel_probe_interval_ms: "1000",
    dp_channel_probe_fail_threshold: "3",
    dpu_vnet: "vnet0",
    dpu_vlan: "Vlan55",
  },
  planes: (state: "up" | "down"): Fields => ({
    dpu_midplane_link_state: state,
    dpu_midplane_link_time: "Mon Jun 10 03:15:42 PM UTC 2024",
    dpu_control_plane_state: state,
    dpu_control_plane_time: "Tue Jun 11 09:30:15 AM UTC 2024",
    dpu_data_plane_state: state,
    dpu_data_plane_time: "Wed Jun 12 11:45:30 PM UTC 2024",
  }),
  /** What a vDPU says of a DPU; `managed` is local and ours. */
  vdpuState: (s: number, d: number, kind: "managed" | "remote", up = true): Json => {
    const dpu: DpuActorState = {
      remote_dpu: kind === "remote",
      is_managed: kind === "managed",
      dpu_name: fixture.dpu(s, d),
      up,
      npu_ipv4: fixture.npu(s, d),
      pa_ipv4: fixture.pa(s, d),
      dpu_id: d,
      orchagent_zmq_port: kind === "managed" ? 8100 : 0,
      swbus_port: 23606 + d,
    };
    return { up, dpu: encodeDpuState(dpu) };
  },
} as const;

/** One hamgrd of switch `s`, slot 0, in virtual time; the test plays swss and whoever is not among `actors`. */
export async function startFixture(
  actors: readonly AnyActor[],
  options: { readonly s?: number; readonly world?: World; readonly fakes?: boolean } = {},
): Promise<TestHarness> {
  const { s = 0, world, fakes = true } = options;
  const sinks = [
    ...DPU_SINKS.map((table) => ({ table, kind: fakes ? ("fake" as const) : ("table" as const) })),
    ...SWITCH_SINKS.map((table) => ({ table, kind: fakes ? ("fake" as const) : ("producerState" as const) })),
  ];
  const harness = await TestHarness.start({ actors, sinks, ...(world !== undefined && { world }) });
  if (world === undefined)
    await harness.write(LoopbackInterface, `Loopback0|${fixture.npu(s, 0)}/32`, { NULL: "NULL" });
  return harness;
}

/** The next row that reaches a sink, as `[key, fields]`; `undefined` fields for a delete. */
export async function nextRow(
  harness: TestHarness,
  table: AnyTable,
): Promise<{ readonly key: string; readonly row: string; readonly fields: Json | undefined }> {
  const { key, data } = await harness.bridge(table).next();
  const {
    key: row,
    operation,
    field_values: fields,
  } = data as {
    readonly key: string;
    readonly operation: string;
    readonly field_values: Json;
  };
  return { key, row, fields: operation === "Del" ? undefined : fields };
}
