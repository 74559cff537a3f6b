import type { ScenarioStep } from "@tandem/base/testing";
import { OPERATION_TYPES } from "@tandem/hamgrd";
import { isServing } from "../../dpu/ha-state.js";
import { type DpuPlace, type HaSetPlace, pairOf, switchOf } from "../../topology.js";
import type { StoryCommand } from "../story-command.js";
import { STORY_LIMIT, type StoryStage } from "../story-stage.js";
import { expected } from "../story-words.js";
import { setsOf } from "./named-sets.js";

/** What the SDN controller does. */
export const CONTROLLER_COMMANDS: readonly StoryCommand[] = [
  {
    name: "launch",
    takes: "[HA-SET…]",
    does: "programs the pairs, enables both sides, waits until they serve and BFD is up from every switch, and prints who is what",
    read: (words) => {
      const sets = setsOf(words);
      return (stage, step) => launch(stage, step, sets);
    },
  },
  {
    name: "program",
    takes: "[HA-SET…]",
    does: "writes the rows of the pairs, both sides disabled",
    read: (words) => {
      const sets = setsOf(words);
      return (stage, { command }) =>
        stage.done(
          command,
          inTurn(sets, (set) => stage.cluster.controller.createSet(set)),
        );
    },
  },
  {
    name: "remove",
    takes: "HA-SET",
    does: "deletes the rows of a pair on every switch",
    read: (words) => {
      const { id } = words.haSet();
      return (stage, { command }) => stage.done(command, stage.cluster.controller.removeSet(id));
    },
  },
  {
    name: "pair",
    takes: "HA-SET DPU DPU",
    does: "changes `vdpu_ids` of a set: the scope of who leaves is deleted, who comes gets one, disabled",
    read: (words) => {
      const { id } = words.haSet();
      const [first, second] = [words.dpu(), words.dpu()];
      if (first === second) throw expected(second.name, `another DPU than ${first.name}`);
      return (stage, { command }) => stage.done(command, stage.cluster.pair(id, [first, second]));
    },
  },
  {
    name: "enable",
    takes: "DPU…",
    does: "sets `disabled` of the scopes to false",
    read: (words) => {
      const dpus = words.each(() => words.dpu(), 1);
      return (stage, { command }) =>
        stage.done(
          command,
          inTurn(dpus, ({ vdpuId }) => stage.cluster.controller.enable(vdpuId)),
        );
    },
  },
  {
    name: "disable",
    takes: "DPU…",
    does: "sets `disabled` of the scopes to true",
    read: (words) => {
      const dpus = words.each(() => words.dpu(), 1);
      return (stage, { command }) =>
        stage.done(
          command,
          inTurn(dpus, ({ vdpuId }) => stage.cluster.controller.disable(vdpuId)),
        );
    },
  },
  {
    name: "desire",
    takes: "DPU unspecified|dead|active|standalone",
    does: "sets `desired_ha_state` of a scope; `dead` is the planned shutdown",
    read: (words) => {
      const { vdpuId } = words.dpu();
      const desired = words.oneOf(["unspecified", "dead", "active", "standalone"]);
      return (stage, { command }) => stage.done(command, stage.cluster.controller.desire(vdpuId, desired));
    },
  },
  {
    name: "pin",
    takes: "HA-SET DPU none|up|down",
    does: "pins the BFD probe state of one side",
    read: (words) => {
      const { id } = words.haSet();
      const { vdpuId } = words.dpu();
      const state = words.oneOf(["none", "up", "down"]);
      return (stage, { command }) => stage.done(command, stage.cluster.controller.pin(id, vdpuId, state));
    },
  },
  {
    name: "approve",
    takes: "auto|manual",
    does: "whether the controller approves pending operations as soon as it sees them (auto, the default), or with `grant` alone",
    read: (words) => {
      const mode = words.oneOf(["auto", "manual"]);
      return (stage, { command }) => stage.done(command, stage.cluster.controller.setApprovals(mode));
    },
  },
  {
    name: "grant",
    takes: "DPU activate_role|flow_reconcile|brainsplit_recover",
    does: "waits until the operation is pending, and approves it",
    read: (words) => {
      const { vdpuId } = words.dpu();
      const type = words.oneOf(OPERATION_TYPES);
      return async ({ cluster }, { command }) => {
        const there = (): boolean => cluster.controller.pending(vdpuId).some((operation) => operation.type === type);
        await cluster.until(command, there, STORY_LIMIT);
        await cluster.host.run(command, cluster.controller.approve(vdpuId, type), STORY_LIMIT);
        return [];
      };
    },
  },
  {
    name: "replay",
    takes: "",
    does: "writes every row of the controller again, unchanged",
    read:
      () =>
      (stage, { command }) =>
        stage.done(command, stage.cluster.controller.replay()),
  },
  {
    name: "help",
    takes: "on|off",
    does: "whether the controller helps a DPU back into service after its restart (on, the default)",
    read: (words) => {
      const helps = words.oneOf(["on", "off"]) === "on";
      return (stage, { command }) => stage.done(command, stage.cluster.controller.setHelpsRestart(helps));
    },
  },
];

async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await work(item);
}

/** More DPUs than this are counted, not named. */
const NAMED_MAX = 16;

async function launch(stage: StoryStage, step: ScenarioStep, sets: readonly HaSetPlace[]): Promise<readonly string[]> {
  const { cluster } = stage;
  const members = sets.flatMap((set) => set.dpus);
  const { limit } = stage;
  await cluster.host.run(
    `${step.command}: sets`,
    Promise.all(sets.map((set) => cluster.controller.createSet(set))),
    limit,
  );
  const besides = (is: (dpu: DpuPlace) => boolean) => (): string => others(stage, members, is);
  // Sides that are enabled far apart would give each other up: none is before all are known to be dead.
  const isHeld = ({ vdpuId }: DpuPlace): boolean => cluster.controller.plan.scopes.get(vdpuId)?.held === true;
  await cluster.until(
    `${step.command}: reports of scopes`,
    () => !members.some(isHeld),
    limit,
    besides((dpu) => !isHeld(dpu)),
  );
  await cluster.host.run(
    `${step.command}: scopes`,
    Promise.all(members.map(({ vdpuId }) => cluster.controller.enable(vdpuId))),
    limit,
  );
  const serve = (dpu: DpuPlace): boolean => isServing(cluster.haState(dpu));
  await cluster.until(step.command, () => members.every(serve), limit, besides(serve));
  const seen = (dpu: DpuPlace): boolean => seenByAll(stage, dpu);
  await cluster.until(`${step.command}: BFD`, () => members.every(seen), limit, besides(seen));
  stage.book.launched();
  for (const dpu of members) stage.since(dpu);
  if (members.length <= NAMED_MAX) return members.map((dpu) => `${dpu.name} is ${cluster.haState(dpu)}`);
  const counts = new Map<string, number>();
  for (const dpu of members) counts.set(`${cluster.haState(dpu)}`, (counts.get(`${cluster.haState(dpu)}`) ?? 0) + 1);
  return [...counts].sort().map(([state, count]) => `${count} DPUs are ${state}`);
}

/** Those that are not as they should be, with what they are. */
function others({ cluster }: StoryStage, members: readonly DpuPlace[], is: (dpu: DpuPlace) => boolean): string {
  const late = members.filter((dpu) => !is(dpu));
  const told = late.slice(0, NAMED_MAX).map((dpu) => `${dpu.name} is ${cluster.haState(dpu) ?? "without a scope"}`);
  const rest = late.length - told.length;
  return [...told, ...(rest > 0 ? [`${rest} more`] : [])].join(", ");
}

/** Every switch's probe of the DPU is up, and its own switch reports that and its state. */
function seenByAll({ cluster }: StoryStage, dpu: DpuPlace): boolean {
  const { topology, devices } = cluster;
  const wanted = topology.switches.length;
  if (devices.bfd.upSessions(devices.dpu(dpu)).length < wanted) return false;
  const set = pairOf(topology, dpu)?.set.id ?? "";
  const row = cluster.rows(switchOf(topology, dpu), "STATE_DB", "DASH_HA_SCOPE_STATE").get(`${dpu.vdpuId}|${set}`);
  return (
    (row?.["local_vdpu_up_bfd_sessions_v4"] ?? "").split(",").length >= wanted &&
    row?.["local_ha_state"] === cluster.haState(dpu)
  );
}
