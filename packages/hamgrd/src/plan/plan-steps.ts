import type { DesiredHaState } from "../schema/codecs.js";
import type { OperationType } from "../schema/dash-ha-scope-state.js";
import type { PlannedRow, PlanStep, SideGoal } from "./operation-plan.js";
import { isKnown, isOwner, type PairView, type SideView } from "./pair-view.js";

const CONTROLLER = "controller";

/** Builds the steps of one plan: every config write raises the version that the side has by then. */
export class PlanSteps {
  readonly steps: PlanStep[] = [];
  readonly #pair: PairView;
  readonly #versions = new Map<string, number>();

  constructor(pair: PairView) {
    this.#pair = pair;
  }

  /** The role `dead`: BFD first, so that traffic moves before the role does. `peer` is whoever goes on alone. */
  wantDead(side: SideView, peer: SideView | undefined): void {
    const hand = this.#hand(side);
    const how = isOwner(side) ? "takes over as standalone" : "goes on as standalone";
    const after = peer === undefined ? "" : `; ${peer.dpu} ${how}`;
    this.#add({
      action: { kind: "desire", vdpu: side.vdpu, desired: "dead" },
      text: `want ${side.vdpu} dead`,
      rows: [
        this.#config(side, "desired_ha_state=dead"),
        { by: hand, op: "delete", where: this.#dpuDb(side), row: "BFD_SESSION_TABLE:*", fields: "" },
        {
          by: hand,
          op: "write",
          where: this.#dpuDb(side),
          row: `DASH_HA_SCOPE_TABLE:${this.#pair.set}`,
          fields: "ha_role=dead",
        },
      ],
      then: `${side.dpu} answers no BFD, drains, dies${after}`,
    });
  }

  wantBack(side: SideView, desired: DesiredHaState): void {
    const role = desired === "unspecified" ? "standby" : desired;
    this.#add({
      action: { kind: "desire", vdpu: side.vdpu, desired },
      text: `want ${side.vdpu} again`,
      rows: [
        this.#config(side, `desired_ha_state=${desired}`),
        { by: this.#hand(side), op: "write", where: this.#dpuDb(side), row: "BFD_SESSION_TABLE:*", fields: "passive" },
        {
          by: this.#hand(side),
          op: "write",
          where: this.#dpuDb(side),
          row: `DASH_HA_SCOPE_TABLE:${this.#pair.set}`,
          fields: `ha_role=${role}`,
        },
      ],
      then: `${side.dpu} connects, finds its peer leading, takes over its flows, asks to be activated`,
    });
  }

  disable(side: SideView): void {
    this.#add({
      action: { kind: "disable", vdpu: side.vdpu },
      text: `disable ${side.vdpu}`,
      rows: [this.#config(side, "disabled=true"), this.#scopeRow(side, "disabled=true")],
      then: `${side.dpu} stays dead; it may be rebooted now`,
    });
  }

  enable(side: SideView): void {
    this.#add({
      action: { kind: "enable", vdpu: side.vdpu },
      text: `enable ${side.vdpu}`,
      rows: [this.#config(side, "disabled=false"), this.#scopeRow(side, "disabled=false")],
      then: `${side.dpu} stays dead until it is wanted`,
    });
  }

  approve(side: SideView, type: OperationType, then: string): void {
    const request = `${type}_requested`;
    this.#add({
      action: { kind: "approve", vdpu: side.vdpu, type },
      text: `approve ${type} of ${side.vdpu}`,
      rows: [this.#config(side, "approved_pending_operation_ids=+id"), this.#scopeRow(side, `${request}=true once`)],
      then,
    });
  }

  deleteScope(side: SideView): void {
    const key = `${side.vdpu}:${this.#pair.set}`;
    const hand = this.#hand(side);
    this.#add({
      action: { kind: "deleteScope", vdpu: side.vdpu },
      text: `delete the configuration of ${side.vdpu}`,
      rows: [
        {
          by: CONTROLLER,
          op: "delete",
          where: `APPL_DB of ${side.on}`,
          row: `DASH_HA_SCOPE_CONFIG_TABLE:${key}`,
          fields: "",
        },
        { by: hand, op: "delete", where: this.#dpuDb(side), row: `DASH_HA_SCOPE_TABLE:${this.#pair.set}`, fields: "" },
        {
          by: hand,
          op: "delete",
          where: `STATE_DB of ${side.on}`,
          row: `DASH_HA_SCOPE_STATE|${side.vdpu}|${this.#pair.set}`,
          fields: "",
        },
      ],
      then: `${side.dpu} forgets the scope`,
    });
  }

  deleteSet(): void {
    const { set, sides } = this.#pair;
    this.#add({
      action: { kind: "deleteSet" },
      text: `delete the HA set ${set} on every switch`,
      rows: [
        {
          by: CONTROLLER,
          op: "delete",
          where: "APPL_DB, every switch",
          row: `DASH_HA_SET_CONFIG_TABLE:${set}`,
          fields: "",
        },
        ...sides.map(
          (side): PlannedRow => ({
            by: this.#hand(side),
            op: "delete",
            where: this.#dpuDb(side),
            row: `DASH_HA_SET_TABLE:${set}`,
            fields: "",
          }),
        ),
        {
          by: "every hamgrd",
          op: "delete",
          where: "APPL_DB, every switch",
          row: "VNET_ROUTE_TUNNEL_TABLE:<vnet>:<vip>",
          fields: "",
        },
      ],
      then: "no switch announces the pair's VIP any more",
    });
  }

  until(sides: readonly SideGoal[]): void {
    const text = sides.map(({ vdpu, states }) => `${vdpu} is ${states.join(" or ")}`).join(" and ");
    this.#add({ action: { kind: "until", sides }, text: `wait until ${text}`, rows: [], then: "" });
  }

  #add(step: PlanStep): void {
    this.steps.push(step);
  }

  #config(side: SideView, fields: string): PlannedRow {
    const row = `DASH_HA_SCOPE_CONFIG_TABLE:${side.vdpu}:${this.#pair.set}`;
    const known =
      isKnown(side) && /^\d+/.test(side.state.version) ? Number.parseInt(side.state.version, 10) : undefined;
    const version = known === undefined ? undefined : (this.#versions.get(side.vdpu) ?? known) + 1;
    if (version !== undefined) this.#versions.set(side.vdpu, version);
    const raised = version === undefined ? "version raised" : `version=${version}`;
    return { by: CONTROLLER, op: "write", where: `APPL_DB of ${side.on}`, row, fields: `${raised} ${fields}` };
  }

  #scopeRow(side: SideView, fields: string): PlannedRow {
    const row = `DASH_HA_SCOPE_TABLE:${this.#pair.set}`;
    return { by: this.#hand(side), op: "write", where: this.#dpuDb(side), row, fields };
  }

  #hand({ dpu }: SideView): string {
    return `hamgrd of ${dpu}`;
  }

  #dpuDb({ dpu }: SideView): string {
    return `DPU_APPL_DB of ${dpu}`;
  }
}
