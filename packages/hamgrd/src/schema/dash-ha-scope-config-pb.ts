import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { err, ok, type Result } from "@tandem/base";
import { decodeText, encodeText, type PbCodec } from "@tandem/swss";
import { type HaScopeConfig, HaScopeConfigSchema } from "../gen/ha_scope_config_pb.js";
import type { DashHaScopeConfigRow } from "./dash-ha-scope-config.js";
import type { HaSetId } from "./ids.js";
import { Members } from "./members.js";
import { enumTexts, names } from "./pb.js";

const owners = enumTexts("HaOwner", ["unspecified", "dpu", "switch"]);
const desired = enumTexts("DesiredHaState", ["unspecified", "dead", "active", "standalone"]);

function fromMessage(message: HaScopeConfig): Result<DashHaScopeConfigRow, string> {
  const owner = owners.text(message.owner);
  const state = desired.text(message.desiredHaState);
  if (!owner.ok) return owner;
  if (!state.ok) return state;
  return ok({
    version: message.version,
    disabled: message.disabled,
    owner: owner.value,
    ha_set_id: message.haSetId as HaSetId,
    desired_ha_state: state.value,
    approved_pending_operation_ids: names(message.approvedPendingOperationIds),
  });
}

export const haScopeConfigPb: PbCodec<DashHaScopeConfigRow> = {
  decode(bytes) {
    let message: HaScopeConfig;
    try {
      message = fromBinary(HaScopeConfigSchema, encodeText(bytes));
    } catch {
      return err("a message dash.ha_scope_config.HaScopeConfig");
    }
    return fromMessage(message);
  },
  encode: (row) => {
    const message = create(HaScopeConfigSchema, {
      version: row.version,
      disabled: row.disabled,
      owner: owners.number(row.owner),
      haSetId: row.ha_set_id,
      desiredHaState: desired.number(row.desired_ha_state),
      approvedPendingOperationIds: [...row.approved_pending_operation_ids],
    });
    return decodeText(toBinary(HaScopeConfigSchema, message));
  },
  json: {
    decode(text) {
      const json = Members.parse(text);
      if (!json.ok) return json;
      const m = json.value;
      const message = create(HaScopeConfigSchema, {
        version: m.text("version", ""),
        disabled: m.bool("disabled", false),
        owner: m.u32("owner", 0),
        haSetId: m.text("ha_set_id", ""),
        desiredHaState: m.u32("desired_ha_state", 0),
        approvedPendingOperationIds: [...m.texts("approved_pending_operation_ids", [])],
      });
      return m.failure === undefined ? fromMessage(message) : err(m.failure);
    },
    encode: (row) =>
      JSON.stringify({
        version: row.version,
        disabled: row.disabled,
        owner: owners.number(row.owner),
        ha_set_id: row.ha_set_id,
        desired_ha_state: desired.number(row.desired_ha_state),
        approved_pending_operation_ids: row.approved_pending_operation_ids,
      }),
  },
};
