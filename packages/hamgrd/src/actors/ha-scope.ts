import {
  type ActorDefinition,
  type Derived,
  defineActor,
  type Inputs,
  type Problem,
  type Read,
  type StandingRow,
  stands,
  type Tell,
  type Wait,
  type Want,
} from "@tandem/actor";
import { millis, minutes, seconds } from "@tandem/base";
import type { AnyTable, Fields } from "@tandem/swss";
import { type HaOwner, haScopeTell } from "../ports/ha-scope-tell.js";
import { type HaSetActorState, haSetPort } from "../ports/ha-set-port.js";
import { type VdpuActorState, vdpuPort } from "../ports/vdpu-port.js";
import { DashHaScope } from "../schema/dash-ha-scope.js";
import { DashHaScopeConfig, type DashHaScopeConfigRow } from "../schema/dash-ha-scope-config.js";
import { DashHaScopeState } from "../schema/dash-ha-scope-state.js";
import { DashHaSetConfig } from "../schema/dash-ha-set-config.js";
import { DpuDashHaScopeState } from "../schema/dpu-reports.js";
import { carriesTraffic, goesDown } from "./bfd-hold.js";
import {
  acceptedConfig,
  BFD_WAIT,
  foldHaScope,
  freshReport,
  LAUNCH_WAIT,
  STALE_WAIT,
  scopeIds,
} from "./ha-scope-fold.js";
import {
  decodeHaScopeMemory,
  encodeHaScopeMemory,
  type HaScopeMemory,
  INITIAL_HA_SCOPE,
  isShown,
  type Operation,
} from "./ha-scope-memory.js";
import { dpuScopeRow, RESEND_INTERVAL, stateRow } from "./ha-scope-rows.js";
import { answerWait } from "./operations.js";
import { readable } from "./readable.js";
import type { HamgrdSettings } from "./settings.js";
import { snapshotWaits } from "./waits.js";

type HaScopeInputs = Inputs<HaScopeMemory>;

const WRITES: readonly AnyTable[] = [DashHaScope, DashHaScopeState];

/** How long a scope that goes down waits for its probes to end before its role does. */
export const BFD_DEADLINE = millis(500);
/** How long a report of an earlier boot is doubted: a DPU that has really restarted writes a new one before. */
export const STALE_DEADLINE = seconds(30);
/**
 * How long what a DPU asked for before its scope was wanted up again is doubted: one that was down meanwhile reports another
 * state before; one that was never told to go down goes on asking.
 */
export const LAUNCH_DEADLINE = seconds(8);

/**
 * One side of an HA scope whose state machine the DPU drives: hands down what the controller wants and approves, hands
 * up what the DPU says. docs/actors.md, "ha-scope".
 */
export function haScopeActor(_settings: HamgrdSettings): ActorDefinition<HaScopeMemory, unknown> {
  return defineActor<HaScopeMemory, unknown>({
    type: "ha-scope",
    rows: [DashHaScopeConfig],
    bridgeKey: (id) => scopeIds(id).scopeId,
    checkId: (id) => {
      const key = DashHaScopeConfig.parseKey(id);
      return key.ok ? undefined : key.error;
    },
    remember: {
      initial: INITIAL_HA_SCOPE,
      fold: foldHaScope,
      encode: encodeHaScopeMemory,
      decode: decodeHaScopeMemory,
    },
    reads: readsOf,
    wants(inputs): readonly Want[] {
      const config = acceptedConfig(inputs.memory);
      if (config === undefined) return [];
      return [
        { port: vdpuPort, id: scopeIds(inputs.id).vdpuId },
        { port: haSetPort, id: config.ha_set_id },
      ];
    },
    derive,
  });
}

function readsOf(inputs: HaScopeInputs): readonly Read[] {
  const { vdpuId, scopeId } = scopeIds(inputs.id);
  const config = acceptedConfig(inputs.memory);
  return [
    { table: DpuDashHaScopeState, key: scopeId },
    ...(config === undefined ? [] : [{ table: DashHaSetConfig, key: config.ha_set_id }]),
    // Only until it has been seen once: afterwards the row is what this actor writes.
    ...(inputs.memory.adopted ? [] : [{ table: DashHaScopeState, key: `${vdpuId}|${scopeId}` }]),
  ];
}

function derive(inputs: HaScopeInputs): Derived<unknown> {
  const { memory } = inputs;
  const row = inputs.row(DashHaScopeConfig);
  const config = acceptedConfig(memory);
  const problems = problemsOf(inputs, row, config);
  const tells = tellsOf(inputs.id, row, config);
  const refused = problems.find(({ severity }) => severity === "refused");
  if (config === undefined) return stands({ problems, tells, reason: refused?.text ?? "no row" });

  const ids = scopeIds(inputs.id);
  const vdpu = inputs.state(vdpuPort, ids.vdpuId);
  if (vdpu?.dpu.is_managed === false) {
    // The state row is the switch's: where a sibling slot's DPU stands for the vDPU now, that slot writes it.
    const leaves = vdpu.dpu.remote_dpu ? [] : [DashHaScopeState];
    return stands({ problems, tells, leaves, reason: `dormant: ${vdpu.dpu.dpu_name} is not managed here` });
  }
  const set = inputs.state(haSetPort, config.ha_set_id);
  const waits: Wait[] = memory.adopted ? [] : [...snapshotWaits(inputs, [{ table: DashHaScopeState }])];
  if (vdpu === undefined) waits.push(stateWait(`vDPU ${ids.vdpuId}`));
  if (set === undefined) waits.push(stateWait(`HA set ${config.ha_set_id}`));
  if (vdpu === undefined || set === undefined || waits.length > 0) {
    const reason = `waits for ${waits.map((wait) => wait.for).join(", ")}`;
    return stands({ problems, tells, waits, keeps: WRITES, reason });
  }
  waits.push(...waitsForDpu(inputs, config));
  const written = inputs.written(DashHaScope, ids.scopeId);
  const isHeld = mustWaitForBfd(memory, config, vdpu, set, written);
  if (isHeld) waits.push({ for: BFD_WAIT, deadline: BFD_DEADLINE, then: "hand the config to the DPU all the same" });
  const dpuRow: StandingRow =
    isHeld && written !== undefined
      ? { table: DashHaScope, key: ids.scopeId, fields: written }
      : dpuScopeRow(memory, config, set, ids.scopeId, written);
  return stands({
    rows: [dpuRow, stateRow(memory, config, vdpu, set, ids)],
    problems,
    tells,
    waits,
    reason: reasonOf(memory, dpuRow.fields, isHeld),
  });
}

const stateWait = (what: string): Wait => ({
  for: `the state of ${what}`,
  deadline: seconds(10),
  then: "go on asking for it; what stands stays",
});

function problemsOf(
  inputs: HaScopeInputs,
  row: DashHaScopeConfigRow | undefined,
  config: DashHaScopeConfigRow | undefined,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (row?.owner === "switch") {
    const effect = config === undefined ? "nothing is written" : `version ${config.version} with owner dpu stays`;
    problems.push({ code: "ownerSwitch", severity: "refused", text: `owner switch is not supported; ${effect}` });
  } else if (row?.owner === "unspecified") {
    problems.push({ code: "ownerUnspecified", severity: "warning", text: "owner is unspecified; dpu is taken" });
  }
  if (config === undefined) return problems;
  const { scopeId, vdpuId } = scopeIds(inputs.id);
  const set = inputs.read(DashHaSetConfig, config.ha_set_id);
  if (set?.scope === "eni") {
    const text = `HA set ${config.ha_set_id} has scope eni, which is not supported; what stands stays`;
    problems.push({ code: "scopeEni", severity: "refused", text });
  } else if (scopeId !== config.ha_set_id) {
    const text = `scope ${scopeId} is not named like its HA set ${config.ha_set_id}, as scope dpu wants it`;
    problems.push({ code: "scopeId", severity: "warning", text });
  }
  if (set !== undefined && !(set.vdpu_ids as readonly string[]).includes(vdpuId)) {
    const text = `vDPU ${vdpuId} is not in HA set ${config.ha_set_id}`;
    problems.push({ code: "vdpuNotInSet", severity: "warning", text });
  }
  if (
    set === undefined &&
    inputs.state(haSetPort, config.ha_set_id) !== undefined &&
    readable(inputs, DashHaSetConfig)
  ) {
    const text = `HA set ${config.ha_set_id} is deleted while its scope stands; what was known last is used`;
    problems.push({ code: "setGone", severity: "warning", text });
  }
  if (inputs.memory.report !== undefined && inputs.memory.report.row === undefined) {
    const text = `DPU_STATE_DB DASH_HA_SCOPE_STATE_TABLE has no row ${scopeId} any more; the DPU's state reads as unknown`;
    problems.push({ code: "reportGone", severity: "warning", text });
  }
  if (inputs.state(vdpuPort, vdpuId)?.gone === true) {
    const text = `vDPU ${vdpuId} or its DPUs are deleted while its scope stands; what was known last is used`;
    problems.push({ code: "vdpuGone", severity: "warning", text });
  }
  return problems;
}

/** The HA set learns who owns the scope; it never asks. */
function tellsOf(
  id: string,
  row: DashHaScopeConfigRow | undefined,
  config: DashHaScopeConfigRow | undefined,
): readonly Tell[] {
  const told = config ?? row;
  if (told === undefined) return [];
  const owner: HaOwner = config === undefined ? "switch" : "dpu";
  const state = {
    owner,
    new_state: "HA_STATE_UNSPECIFIED",
    timestamp: 0,
    term: "0",
    vdpu_id: scopeIds(id).vdpuId,
    peer_vdpu_id: "",
  };
  return [{ port: haScopeTell, to: { type: "ha-set", id: told.ha_set_id }, state, farewell: state }];
}

const SETTLED = ["active", "standby", "standalone"];

/** What a launch that has ended asked for is shown as long as its flag stands, but its approval is of no use any more. */
function waitsForApproval(operation: Operation): boolean {
  return isShown(operation) && operation.spent === undefined;
}

function waitsForDpu({ memory }: HaScopeInputs, config: DashHaScopeConfigRow): readonly Wait[] {
  const waits: Wait[] = [];
  for (const operation of memory.operations) {
    if (operation.spent !== undefined) continue;
    if (operation.doubted !== undefined) {
      const then = `take the ${operation.type} that it asks for as one of this launch`;
      waits.push({ for: LAUNCH_WAIT, deadline: LAUNCH_DEADLINE, then });
    } else if (operation.approved === undefined) {
      waits.push({
        for: `approval of ${operation.type} ${operation.id}`,
        deadline: undefined,
        then: "the controller decides",
      });
    } else {
      const alarm = `the DPU to take ${operation.type}`;
      const then = operation.approved.asked === undefined ? "go on sending the row that asks" : "ask again";
      waits.push({ for: answerWait(operation), deadline: RESEND_INTERVAL, then, alarm });
    }
  }
  const { report } = memory;
  const fresh = freshReport(memory);
  if (report?.row !== undefined && fresh === undefined) {
    waits.push({ for: STALE_WAIT, deadline: STALE_DEADLINE, then: "take the state from before as the present one" });
    return waits;
  }
  const state = fresh?.ha_state;
  const arrived = goesDown(config) ? !carriesTraffic(state) : SETTLED.includes(state ?? "");
  if (!arrived && waits.length === 0) {
    const goal = goesDown(config) ? "dead" : SETTLED.join(", ");
    const deadline = minutes(3);
    waits.push({ for: `the DPU to be ${goal}`, deadline, then: "go on waiting: the DPU drives this" });
  }
  return waits;
}

/** A live DPU is told to go down only after the probes that draw traffic to it have lost their answers. */
function mustWaitForBfd(
  memory: HaScopeMemory,
  config: DashHaScopeConfigRow,
  vdpu: VdpuActorState,
  set: HaSetActorState,
  written: Fields | undefined,
): boolean {
  if (!goesDown(config) || memory.bfdOverdue || written === undefined) return false;
  if (written["disabled"] === "true" || written["ha_role"] === "dead") return false;
  if (vdpu.dpu.bfd_withdrawn === true || set.bfd_withdrawn === true) return false;
  return carriesTraffic(freshReport(memory)?.ha_state);
}

function reasonOf(memory: HaScopeMemory, row: Fields, isHeld: boolean): string {
  const asks = `asks for ${row["disabled"] === "true" ? "disabled, " : ""}${row["ha_role"]}`;
  const state = freshReport(memory)?.ha_state;
  const says = state === undefined ? "the DPU says nothing" : `the DPU is ${state}`;
  const pending = memory.operations.filter(waitsForApproval).map(({ type }) => type);
  const approves = pending.length === 0 ? "" : `; waits for approval of ${pending.join(", ")}`;
  return `${asks}${isHeld ? " until BFD is withdrawn" : ""}; ${says}${approves}`;
}
