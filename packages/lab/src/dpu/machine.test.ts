import { fileURLToPath } from "node:url";
import { golden } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { HA_STATES, type HaState, isFollower, isServing } from "./ha-state.js";
import { type MachineEvent, type MachineStep, startMachine, stepMachine } from "./machine.js";
import { leads } from "./machine-guards.js";
import { type Announcement, announcementOf, type Machine, newMachine } from "./machine-state.js";

const MATRIX = fileURLToPath(new URL("../../testdata/dpu-matrix.txt", import.meta.url));

const US = "18.0.202.1";
const THEM = "18.1.202.1";

const announcement = (state: HaState, change: Partial<Announcement> = {}): Announcement => ({
  state,
  wanted: "standby",
  term: 1,
  ip: THEM,
  visit: "1.9",
  heard: "1.4",
  synced: false,
  drained: false,
  tookOver: false,
  ...change,
});

/** The state that a peer is in while we are in ours, so that nothing but the event moves us. */
const PARTNER: Readonly<Record<HaState, HaState | undefined>> = {
  dead: undefined,
  connecting: undefined,
  connected: "standby",
  initializing_to_active: "connected",
  initializing_to_standby: "initializing_to_active",
  pending_standalone_activation: undefined,
  pending_active_activation: "pending_standby_activation",
  pending_standby_activation: "pending_active_activation",
  standalone: undefined,
  active: "standby",
  standby: "active",
  destroying: "switching_to_standalone",
  switching_to_standalone: "destroying",
};

function machineIn(state: HaState): Machine {
  const partner = PARTNER[state];
  return {
    ...newMachine(US, 1, state === "dead" || state === "destroying" ? "dead" : "active", true, "up"),
    state,
    visits: 4,
    term: 1,
    peer: partner === undefined ? undefined : announcement(partner, { synced: isFollower(partner) }),
    servedAs: state === "destroying" ? "active" : state === "switching_to_standalone" ? "standby" : undefined,
  };
}

const EVENTS: readonly { readonly name: string; readonly event: MachineEvent }[] = [
  { name: "role active", event: { kind: "role", role: "active" } },
  { name: "role standalone", event: { kind: "role", role: "standalone" } },
  { name: "role dead", event: { kind: "role", role: "dead" } },
  { name: "disabled", event: { kind: "enabled", enabled: false } },
  { name: "activation approved", event: { kind: "activate" } },
  { name: "reconcile approved", event: { kind: "reconcile" } },
  { name: "channel down", event: { kind: "channel", channel: "down" } },
  { name: "bulk sync received", event: { kind: "bulkReceived", visit: "1.4", term: 1 } },
  ...(["connect", "convergence", "handOver", "switching"] as const).map((timer) => ({
    name: `timer ${timer}`,
    event: { kind: "timer", timer } as const,
  })),
  ...HA_STATES.map((state) => ({
    name: `peer ${state}`,
    event: { kind: "heard", announcement: announcement(state) } as const,
  })),
];

function describeStep(before: Machine, step: MachineStep): string {
  const moves = step.effects.flatMap((effect) => (effect.kind === "transition" ? [effect] : []));
  const reports = step.effects.flatMap((effect) =>
    effect.kind === "scopeEvent" && effect.event !== "STATE_CHANGED" ? [effect.event] : [],
  );
  const way = moves.map(({ to, reason }) => `-> ${to} (${reason})`);
  const change = [...way, ...reports];
  if (change.length > 0) return change.join(" ");
  return JSON.stringify({ ...step.machine, peer: undefined, echoing: false }) ===
    JSON.stringify({ ...before, peer: undefined, echoing: false })
    ? "stays"
    : "stays, remembers";
}

test("every state answers every event as the matrix shows", () => {
  const lines = HA_STATES.flatMap((state) => {
    const machine = machineIn(state);
    return [
      state,
      ...EVENTS.map(({ name, event }) => `  ${name}: ${describeStep(machine, stepMachine(machine, event))}`),
    ];
  });
  golden(MATRIX, `${lines.join("\n")}\n`);
});

test("no step enters a serving state from one that waits for approval without that approval", () => {
  for (const state of HA_STATES.filter((candidate) => candidate.startsWith("pending_"))) {
    const machine = machineIn(state);
    for (const { event } of EVENTS.filter((candidate) => candidate.event.kind !== "activate")) {
      expect(isServing(stepMachine(machine, event).machine.state), `${state} ${JSON.stringify(event)}`).toBe(false);
    }
  }
});

test("what was heard while probes failed counts for nothing when they come back; what is heard then counts", () => {
  const alone: Machine = { ...machineIn("standalone"), channel: "down" };
  const follower = { kind: "heard", announcement: announcement("standby") } as const;
  const back = stepMachine(stepMachine(alone, follower).machine, { kind: "channel", channel: "up" });
  expect(back.machine.state).toBe("standalone");
  expect(back.effects.map(({ kind }) => kind)).toContain("announce");
  expect(stepMachine(back.machine, follower).machine.state).toBe("active");
});

test("of two sides exactly one leads, whichever asks", () => {
  const wants = ["active", "standby", "standalone"] as const;
  for (const ours of wants) {
    for (const theirs of wants) {
      for (const term of [0, 1, 2]) {
        const us = { ...announcementOf(machineIn("connected")), wanted: ours, term: 1 };
        const them = announcement("connected", { wanted: theirs, term });
        expect(leads(us, them), `${ours} ${theirs} ${term}`).toBe(!leads(them, us));
      }
    }
  }
});

test("a new scope reports dead before anything else", () => {
  const step = startMachine(newMachine(US, 1, "active", true, "up"));
  expect(step.effects[0]).toMatchObject({ kind: "scopeEvent", event: "STATE_CHANGED", state: "dead", role: "dead" });
  expect(step.machine.state).toBe("connecting");
});

test("a peer that does not know our state is told again once, after a while", () => {
  const machine = machineIn("active");
  const stale = announcement("standby", { heard: "1.2", synced: true });
  const first = stepMachine(machine, { kind: "heard", announcement: stale });
  const again = stepMachine(first.machine, { kind: "heard", announcement: stale });
  const timers = (step: MachineStep): number => step.effects.filter((effect) => effect.kind === "setTimer").length;
  expect([timers(first), timers(again)]).toEqual([1, 0]);
  const told = stepMachine(again.machine, { kind: "timer", timer: "echo" });
  expect(told.effects.filter((effect) => effect.kind === "announce")).toHaveLength(1);
});

test("a bulk sync is sent again until the follower says that it holds the flows, whatever got lost", () => {
  const unsynced = announcement("initializing_to_standby", { heard: "1.4" });
  let step = stepMachine(machineIn("active"), { kind: "heard", announcement: unsynced });
  for (let i = 0; i < 3; i++) {
    step = stepMachine(step.machine, { kind: "timer", timer: "bulk" });
    expect(step.effects).toEqual([
      { kind: "bulk", visit: "1.9", term: 1 },
      { kind: "setTimer", timer: "bulk" },
    ]);
  }
  const synced = announcement("pending_standby_activation", { heard: "1.4", synced: true });
  const confirmed = stepMachine(step.machine, { kind: "heard", announcement: synced });
  expect(confirmed.effects).toEqual([{ kind: "cancelTimer", timer: "bulk" }]);
  expect(stepMachine(confirmed.machine, { kind: "timer", timer: "bulk" }).effects).toEqual([]);
});
