import type { BusView, SlotBus } from "../bus-view.js";
import { hostOf } from "../pairs.js";
import { downReason, type SwitchSlot } from "../switch-slots.js";
import { bad, type Check, doubt, good } from "./check.js";
import type { DoctorFacts } from "./facts.js";

/** A round trip on the bus beyond this is worth a word. */
const SLOW_MS = 200;
/** Clocks that differ by more make times of two switches hard, or useless, to compare. Nothing of HA rests on them. */
const SKEW_DOUBTFUL_MS = 1_000;
const SKEW_BAD_MS = 30_000;

/** Whether each slot's swbusd is there and reaches every remote node. */
export function checkBus({ bus, slots }: DoctorFacts): readonly Check[] {
  return bus.slots.flatMap((slot) =>
    checkSlot(
      slot,
      slots.find(({ slot: number }) => number === slot.slot),
    ),
  );
}

function checkSlot({ slot, dpu, swbusd, peers }: SlotBus, known: SwitchSlot | undefined): readonly Check[] {
  if (swbusd.kind === "down") {
    return [bad("bus", `dpu${slot}: swbusd: ${swbusd.why}`, `start swbusd -s ${slot}; its log says what it waits for`)];
  }
  if (swbusd.kind === "unasked") {
    return [
      bad("bus", `dpu${slot}: swbusd was not asked: ${swbusd.why}`, "mend that first; swbusd itself may be well"),
    ];
  }
  const reached = peers.filter(({ rttMs }) => rttMs !== undefined);
  const slowest = Math.max(0, ...reached.map(({ rttMs }) => rttMs ?? 0));
  const down = known === undefined ? undefined : downReason(known.planes);
  const summary = `dpu${slot}: swbusd is up${down === undefined ? "" : ` (${dpu} itself is down: ${down})`}`;
  const trips = peers.length === 0 ? "no remote DPU" : `${reached.length} of ${peers.length} remote DPUs answer`;
  const checks: Check[] = [good("bus", `${summary}, ${trips}${reached.length > 0 ? `, within ${ms(slowest)}` : ""}`)];
  for (const { dpu: remote, endpoint, node, why, rttMs } of peers) {
    if (rttMs === undefined) {
      const text = `dpu${slot}: ${remote} at ${endpoint}${node === undefined ? " is not connected" : ` (${node})`}: ${why}`;
      checks.push(bad("bus", text, "is swbusd running there, the address in REMOTE_DPU right, the path open?"));
    } else if (rttMs > SLOW_MS) {
      checks.push(doubt("bus", `dpu${slot}: ${remote} takes ${ms(rttMs)} to answer`, "a busy CPU or a long path?"));
    }
  }
  return checks;
}

/** How far clocks of other switches are from ours, as their hamgrds tell: one line for the worst. */
export function checkClocks({ bus }: DoctorFacts): readonly Check[] {
  const told = [...bus.remotes].flatMap(([node, view]) =>
    view.kind === "told" ? [{ host: hostOf(node), skew: view.skewMs, error: view.rttMs / 2 }] : [],
  );
  const silent = bus.remotes.size - told.length;
  const unknown = silent === 0 ? "" : `; ${silent} nodes do not tell theirs`;
  const [worst] = told.sort((a, b) => Math.abs(b.skew) - Math.abs(a.skew));
  if (worst === undefined) {
    return bus.remotes.size === 0 ? [] : [doubt("clocks", `no hamgrd of another switch tells its clock${unknown}`, "")];
  }
  const text = `${worst.host} is ${ms(Math.abs(worst.skew))} ${worst.skew < 0 ? "behind" : "ahead"} (± ${ms(worst.error)})${unknown}`;
  const size = Math.abs(worst.skew) - worst.error;
  const remedy = "NTP: times of the two switches cannot be compared";
  if (size > SKEW_BAD_MS) return [bad("clocks", text, remedy)];
  return [size > SKEW_DOUBTFUL_MS ? doubt("clocks", text, remedy) : good("clocks", text)];
}

/** Whether everybody runs one version. */
export function checkVersions({ bus, version }: DoctorFacts): readonly Check[] {
  const counts = new Map<string, number>();
  for (const view of hamgrds(bus)) {
    if (view.kind === "told") counts.set(view.status.version, (counts.get(view.status.version) ?? 0) + 1);
  }
  const list = [...counts].map(([name, count]) => `${name} (${count})`).join(", ");
  if (counts.size === 0) return [good("versions", `this tool is ${version}; no hamgrd told its own`)];
  const same = counts.size === 1 && counts.has(version);
  const text = `this tool is ${version}; hamgrds: ${list}`;
  return [same ? good("versions", text) : doubt("versions", text, "mixed versions work; finish the upgrade")];
}

function hamgrds({ slots, remotes }: BusView) {
  return [...slots.map(({ hamgrd }) => hamgrd), ...remotes.values()];
}

export function ms(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(0)} s`;
  return value >= 100 ? `${value.toFixed(0)} ms` : `${value.toFixed(1)} ms`;
}
