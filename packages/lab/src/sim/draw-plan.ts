import { millis, pick, type Random, randomBelow, seededRandom } from "@tandem/base";
import { planTopology, type Topology } from "../topology.js";
import type { FaultKind } from "./fault.js";
import { FAULT_KINDS } from "./fault-kinds.js";
import type { FaultPlan, PlannedFault } from "./fault-plan.js";
import { drawMeeting } from "./meetings.js";

/** What a drawn plan is for. */
export interface DrawOptions {
  readonly seed: number;
  readonly switches: number;
  readonly dpus: number;
  readonly minutes: number;
}

/** Part of a run in which faults begin; those that last end within it too. The rest is for coming back, and for rest. */
export const STORMY = 0.55;
/** Faults per pair of a plan: between these. */
const FAULTS_PER_PAIR = [4, 16] as const;
/** Faults of a large cluster: no more than this many, so that there are quiet corners too. */
const DRAWN_MAX = 160;

/** Plans that hold meetings, and how many they hold at most. */
const WITH_MEETINGS = 0.5;
const MEETINGS_MAX = 4;
/** Of these, plans that hold nothing else: whatever else happens may hide what a meeting does. */
const MEETINGS_ALONE = 0.5;

/**
 * The faults of one seed. Half of the plans take all their faults from the whole alphabet; the others from a few letters
 * of it, which then meet each other more often than chance would have it. Some hold meetings too, and some those alone.
 */
export function drawPlan(options: DrawOptions): FaultPlan {
  const random = seededRandom(options.seed ^ 0x5eed);
  const topology = planTopology({ switches: options.switches, dpusPerSwitch: options.dpus });
  const kinds = [...FAULT_KINDS.values()];
  const letters =
    random.next() < 0.5 ? kinds : Array.from({ length: 3 + randomBelow(random, 5) }, () => pick(random, kinds));
  const [min, max] = FAULTS_PER_PAIR;
  const perPair = min + randomBelow(random, max - min + 1);
  const count = Math.min(DRAWN_MAX, perPair * Math.max(1, topology.haSets.length));
  const stormy = options.minutes * 60_000 * STORMY;
  // Faults come in bursts: what begins while something else still lasts is what breaks things.
  const bursts = Array.from({ length: 1 + randomBelow(random, 6) }, () => random.next() * stormy);
  const faults = Array.from({ length: count }, () =>
    drawFault(pick(random, letters), pick(random, bursts), stormy, random, topology),
  );
  const meetings = random.next() < WITH_MEETINGS ? 1 + randomBelow(random, MEETINGS_MAX) : 0;
  const isAlone = meetings > 0 && random.next() < MEETINGS_ALONE;
  const met = Array.from({ length: meetings }, () => placed(drawMeeting(random, topology), stormy, random)).flat();
  const all = [...(isAlone ? [] : faults), ...met];
  return { ...options, faults: all.sort((a, b) => a.at - b.at) };
}

/** A meeting at some time of the storm, cut short at its end. */
function placed(meeting: readonly PlannedFault[], stormy: number, random: Random): readonly PlannedFault[] {
  const length = Math.max(...meeting.map(({ at, lasts = 0 }) => at + lasts));
  const begin = Math.floor(random.next() * Math.max(0, stormy - length));
  return meeting.flatMap((fault) => {
    const at = millis(begin + fault.at);
    return at > stormy ? [] : [{ ...fault, at }];
  });
}

/** How far faults of one burst lie apart. */
const BURST_MS = 20_000;

function drawFault(kind: FaultKind, burst: number, stormy: number, random: Random, topology: Topology): PlannedFault {
  const at = millis(Math.floor(Math.min(burst + random.next() * BURST_MS, stormy)));
  const words = kind.draw(random, topology);
  if (kind.lasts === undefined) return { at, name: kind.name, words };
  // Short ones and long ones alike: evenly spread over the orders of magnitude.
  const [min, max] = kind.lasts;
  const span = min * (max / min) ** random.next();
  return { at, name: kind.name, words, lasts: millis(Math.floor(Math.min(span, Math.max(min, stormy - at)))) };
}
