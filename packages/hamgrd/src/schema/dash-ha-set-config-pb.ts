import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { err, ok, type Result } from "@tandem/base";
import { decodeText, encodeText, type PbCodec } from "@tandem/swss";
import { type HaSetConfig, HaSetConfigSchema } from "../gen/ha_set_config_pb.js";
import { pinnedStateCodec } from "./codecs.js";
import type { DashHaSetConfigRow } from "./dash-ha-set-config.js";
import type { VdpuId } from "./ids.js";
import { Members } from "./members.js";
import {
  addressFromJson,
  addressToJson,
  enumTexts,
  names,
  takeEach,
  v4FromPb,
  v4ToPb,
  v6FromPb,
  v6ToPb,
} from "./pb.js";

const scopes = enumTexts("HaScope", ["unspecified", "dpu", "eni"]);

function fromMessage(message: HaSetConfig): Result<DashHaSetConfigRow, string> {
  const v4 = v4FromPb("vip_v4", message.vipV4);
  const v6 = v6FromPb("vip_v6", message.vipV6);
  const scope = scopes.text(message.scope);
  const pinned = takeEach("pinned_vdpu_bfd_probe_states", message.pinnedVdpuBfdProbeStates, pinnedStateCodec.parse);
  if (!v4.ok) return v4;
  if (!v6.ok) return v6;
  if (!scope.ok) return scope;
  if (!pinned.ok) return pinned;
  return ok({
    version: message.version,
    ...(v4.value !== undefined && { vip_v4: v4.value }),
    ...(v6.value !== undefined && { vip_v6: v6.value }),
    vdpu_ids: names<VdpuId>(message.vdpuIds),
    scope: scope.value,
    pinned_vdpu_bfd_probe_states: pinned.value,
    preferred_vdpu_id: names(message.preferredVdpuId.split(",")),
    preferred_standalone_vdpu_index: message.preferredStandaloneVdpuIndex,
  });
}

function toMessage(row: DashHaSetConfigRow): HaSetConfig {
  const vipV4 = v4ToPb(row.vip_v4);
  const vipV6 = v6ToPb(row.vip_v6);
  const init: MessageInitShape<typeof HaSetConfigSchema> = {
    version: row.version,
    ...(vipV4 !== undefined && { vipV4 }),
    ...(vipV6 !== undefined && { vipV6 }),
    vdpuIds: [...row.vdpu_ids],
    scope: scopes.number(row.scope),
    pinnedVdpuBfdProbeStates: [...row.pinned_vdpu_bfd_probe_states],
    preferredVdpuId: row.preferred_vdpu_id.join(","),
    preferredStandaloneVdpuIndex: row.preferred_standalone_vdpu_index,
  };
  return create(HaSetConfigSchema, init);
}

export const haSetConfigPb: PbCodec<DashHaSetConfigRow> = {
  decode(bytes) {
    let message: HaSetConfig;
    try {
      message = fromBinary(HaSetConfigSchema, encodeText(bytes));
    } catch {
      return err("a message dash.ha_set_config.HaSetConfig");
    }
    return fromMessage(message);
  },
  encode: (row) => decodeText(toBinary(HaSetConfigSchema, toMessage(row))),
  json: {
    decode(text) {
      const json = Members.parse(text);
      if (!json.ok) return json;
      const m = json.value;
      const vipV4 = addressFromJson(m, "vip_v4");
      const vipV6 = addressFromJson(m, "vip_v6");
      const message = create(HaSetConfigSchema, {
        version: m.text("version", ""),
        ...(vipV4 !== undefined && { vipV4 }),
        ...(vipV6 !== undefined && { vipV6 }),
        vdpuIds: [...m.texts("vdpu_ids", [])],
        scope: m.u32("scope", 0),
        pinnedVdpuBfdProbeStates: [...m.texts("pinned_vdpu_bfd_probe_states", [])],
        preferredVdpuId: m.text("preferred_vdpu_id", ""),
        preferredStandaloneVdpuIndex: m.u32("preferred_standalone_vdpu_index", 0),
      });
      return m.failure === undefined ? fromMessage(message) : err(m.failure);
    },
    encode: (row) =>
      JSON.stringify({
        version: row.version,
        vip_v4: addressToJson(row.vip_v4),
        vip_v6: addressToJson(row.vip_v6),
        vdpu_ids: row.vdpu_ids,
        scope: scopes.number(row.scope),
        pinned_vdpu_bfd_probe_states: row.pinned_vdpu_bfd_probe_states,
        preferred_vdpu_id: row.preferred_vdpu_id.join(","),
        preferred_standalone_vdpu_index: row.preferred_standalone_vdpu_index,
      }),
  },
};
