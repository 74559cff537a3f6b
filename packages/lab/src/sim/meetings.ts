import { HAMGRD_CRASH_POINTS, type Millis, millis, pick, type Random } from "@tandem/base";
import { daemonOf, planDaemons } from "../cluster/cluster-host.js";
import { type DpuPlace, type HaSetPlace, type SwitchPlace, switchOf, type Topology } from "../topology.js";
import type { PlannedFault } from "./fault-plan.js";

/** Faults that do harm when they meet, and seldom do by chance. */
export interface Meeting {
  readonly name: string;
  /** What meets what, and why that matters. docs/simulator.md prints it. */
  readonly doc: string;
  /** Times are since the meeting begins. */
  readonly draw: (scene: Scene) => readonly PlannedFault[];
}

/** Where a meeting takes place: one side of one pair. */
export interface Scene {
  readonly random: Random;
  readonly set: HaSetPlace;
  readonly dpu: DpuPlace;
  readonly sw: SwitchPlace;
  /** The hamgrd of that side. */
  readonly hamgrd: string;
}

export function drawScene(random: Random, topology: Topology): Scene {
  const set = pick(random, topology.haSets);
  const dpu = pick(random, set.dpus);
  const hamgrd = daemonOf({ daemons: planDaemons(topology, "process") }, "hamgrd", dpu).name;
  return { random, set, dpu, sw: switchOf(topology, dpu), hamgrd };
}

type Range = number | readonly [min: number, max: number];

function between(random: Random, range: Range): Millis {
  if (typeof range === "number") return millis(range);
  const [min, max] = range;
  return millis(Math.floor(min + random.next() * (max - min)));
}

type Words = Readonly<Record<string, string>>;

/** A fault that begins in `at` and, where it lasts, lasts for `lasts`; ranges in milliseconds. */
function fault({ random }: Scene, at: Range, name: string, words: Words, lasts?: Range): PlannedFault {
  const begin = between(random, at);
  return { at: begin, name, words, ...(lasts !== undefined && { lasts: between(random, lasts) }) };
}

/** The death of a hamgrd at any time, or at one of its boundaries. */
function death(scene: Scene, at: Range, lasts: Range): PlannedFault {
  const { random, hamgrd } = scene;
  if (random.next() < 0.5) return fault(scene, at, "kill", { daemon: hamgrd }, lasts);
  return crash(scene, at, lasts);
}

function crash(scene: Scene, at: Range, lasts: Range): PlannedFault {
  const { random, hamgrd } = scene;
  const passes = String(Math.floor(random.next() * 6));
  return fault(scene, at, "crash", { daemon: hamgrd, point: pick(random, HAMGRD_CRASH_POINTS), passes }, lasts);
}

/** The config of a whole pair goes, or of one side's set or scope. */
function removal(scene: Scene, at: Range, lasts: Range): PlannedFault {
  const { random, set, dpu } = scene;
  const what = pick(random, ["recreate-set", "set-deleted-first", "scope-deleted"] as const);
  return fault(scene, at, what, what === "recreate-set" ? { set: set.id } : { dpu: dpu.name }, lasts);
}

/** A side starts anew and asks for its role, which nobody approves for a while. */
function waitingForApproval(scene: Scene, lasts: Range): readonly PlannedFault[] {
  const words = { dpu: scene.dpu.name };
  return [fault(scene, 0, "approvals-held", words, lasts), fault(scene, 200, "restart-side", words)];
}

/** When that side has asked, and nobody has approved yet. */
const ASKED = [7000, 20_000] as const;

export const MEETINGS: readonly Meeting[] = [
  {
    name: "crash-in-removal",
    doc: "a config is deleted, and hamgrd dies at a boundary in the middle of it",
    draw: (scene) => [crash(scene, 0, [100, 8000]), removal(scene, [5, 60], [15_000, 45_000])],
  },
  {
    name: "restart-while-pending",
    doc: "hamgrd restarts between a pending operation and its approval",
    draw: (scene) => [...waitingForApproval(scene, [25_000, 40_000]), death(scene, ASKED, [50, 3000])],
  },
  {
    name: "recreation-while-pending",
    doc: "a scope is deleted and created again between a pending operation and its approval, and hamgrd hears of both at once",
    draw: (scene) => [
      ...waitingForApproval(scene, [35_000, 50_000]),
      fault(scene, 6000, "events-late", { daemon: scene.hamgrd, delay: "300" }, [16_000, 20_000]),
      fault(scene, ASKED, "scope-del-set", { dpu: scene.dpu.name }),
    ],
  },
  {
    name: "change-while-asked",
    doc: "the config changes again while the DPU has been sent what was approved, and has not said so",
    draw: (scene) => {
      const { random, dpu } = scene;
      const words = { dpu: dpu.name };
      const approved = 22_000;
      const state = pick(random, ["active", "unspecified", "standalone"] as const);
      return [
        ...waitingForApproval(scene, approved),
        fault(scene, approved - 1000, "late-reports", { ...words, delay: "4000" }, [6000, 12_000]),
        fault(scene, [approved + 100, approved + 1900], "desire", { ...words, state }, [200, 2000]),
      ];
    },
  },
  {
    name: "pin-in-another-order",
    doc: "one side is pinned while the sides stand in another order than they are configured in",
    draw: (scene) => {
      const { random, set } = scene;
      const words = { set: set.id, side: pick(random, ["0", "1"]), state: pick(random, ["up", "down"]) };
      return [
        fault(scene, [0, 2000], "prefer", { set: set.id, who: "other" }, [10_000, 50_000]),
        fault(scene, [500, 8000], "pin", words, [1000, 40_000]),
      ];
    },
  },
  {
    name: "pin-in-a-flap",
    doc: "a side is pinned while its probes flap",
    draw: (scene) => {
      const { random, set, dpu, sw } = scene;
      const side = dpu === set.dpus[0] ? "0" : "1";
      const words = { set: set.id, side, state: pick(random, ["up", "down"]) };
      return [
        fault(scene, 0, "probes-flap", { switch: sw.name, dpu: dpu.name, every: "700" }, [5000, 20_000]),
        fault(scene, [500, 4000], "pin", words, [1000, 20_000]),
      ];
    },
  },
  {
    name: "removal-refused",
    doc: "a config is deleted while the switch's Redis takes deletes and no rows; it comes back long after",
    draw: (scene) => [
      fault(scene, 0, "redis-trouble", { redis: scene.sw.name, trouble: "full" }, [1000, 5000]),
      removal(scene, [50, 900], [25_000, 60_000]),
    ],
  },
  {
    name: "change-into-a-full-queue",
    doc: "the config changes, or goes and comes back, while rows for the DPU find their queue full",
    draw: (scene) => {
      const { random, dpu } = scene;
      const what = pick(random, ["scope-deleted", "desire", "set-deleted-first"] as const);
      const words = { dpu: dpu.name, ...(what === "desire" && { state: "unspecified" }) };
      const lasts: Range = random.next() < 0.5 ? [200, 1500] : [15_000, 60_000];
      return [
        fault(scene, 0, "zmq-full", { dpu: dpu.name }, [2500, 5000]),
        fault(scene, [50, 900], what, words, lasts),
      ];
    },
  },
  {
    name: "silence-after-a-flush",
    doc: "a DPU boots, its databases emptied without a key event, and reports nothing for long",
    draw: (scene) => {
      const words = { dpu: scene.dpu.name };
      return [
        fault(scene, 0, "no-reports", words, [50_000, 60_000]),
        fault(scene, [0, 500], "power", { ...words, wipe: "flush" }, [500, 5000]),
      ];
    },
  },
  {
    name: "set-after-scope",
    doc: "a set is deleted under its scope, hamgrd forgets what it knew of it, and the DPU starts anew before the set comes back",
    draw: (scene) => {
      const words = { dpu: scene.dpu.name };
      return [
        fault(scene, 0, "set-deleted-first", words, [25_000, 45_000]),
        death(scene, [500, 2000], [50, 2000]),
        fault(
          scene,
          [4000, 6000],
          "power",
          { ...words, wipe: pick(scene.random, ["keys", "flush", "none"]) },
          [500, 4000],
        ),
      ];
    },
  },
  {
    name: "rows-lost-under-way",
    doc: "the connection to a DPU breaks while rows are under way: changes, and deletes among them",
    draw: (scene) => {
      const words = { dpu: scene.dpu.name };
      return [
        fault(scene, 0, "zmq-slow", { ...words, delay: "1500" }, [4000, 8000]),
        removal(scene, [100, 1500], [12_000, 40_000]),
        fault(scene, [700, 3000], "zmq-cut", words),
      ];
    },
  },
];

/** The faults of a meeting of `random`'s choice, since its beginning. */
export function drawMeeting(random: Random, topology: Topology): readonly PlannedFault[] {
  return pick(random, MEETINGS).draw(drawScene(random, topology));
}
