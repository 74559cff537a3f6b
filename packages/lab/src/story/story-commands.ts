import { type Millis, millis, seconds } from "@tandem/base";
import type { ScenarioStep } from "@tandem/base/testing";
import type { DesiredHaState, OperationType, PinnedState } from "@tandem/hamgrd";
import type { DatabaseName, Fields } from "@tandem/swss";
import type { Cluster } from "../cluster/cluster.js";
import type { DaemonKind } from "../cluster/cluster-host.js";
import { describeDpuEntry } from "../cluster/dpu-log.js";
import { WATCHED } from "../cluster/observer.js";
import type { Plane } from "../pmon/planes.js";
import type { DpuPlace, SwitchPlace } from "../topology.js";
import { pairOf, switchOf } from "../topology.js";
import { forward } from "../traffic.js";
import { deleteRow, flushDatabases, writeStaleRows } from "./database-faults.js";
import { mask } from "./mask.js";
import { StoryError } from "./story-error.js";

/** One command: its words without the name → the lines that it prints. */
export type StoryCommand = (step: ScenarioStep) => Promise<readonly string[]>;

/** What commands tell their narrator. */
export interface StoryBook {
  check(when: "always" | "quiet"): readonly string[];
  traffic(sent: number, lost: number): void;
}

/** How long a story waits for what must come, in virtual or real time. */
export const STORY_LIMIT: Millis = seconds(60);
/** How long an answer may take to become the expected one, before it is shown as it is. */
const SHOW_LIMIT: Millis = seconds(10);

/** How long an answer that nothing is expected of is waited for. */
const SETTLE: Millis = seconds(3);

const SERVING = ["active", "standby", "standalone"];

/** The commands of stories; docs/stories.md describes each. */
export function storyCommands(cluster: Cluster, book: StoryBook): ReadonlyMap<string, StoryCommand> {
  const { topology, host, controller } = cluster;
  const marks = new Map<string, number>();

  const dpuOf = (word: string | undefined): DpuPlace => {
    const dpu = topology.dpus.find((place) => place.name === word || place.vdpuId === word);
    if (dpu === undefined) throw new StoryError(`${word}: expected a DPU or vDPU, e.g. ${topology.dpus[0]?.name}`);
    return dpu;
  };
  const switchNamed = (word: string | undefined): SwitchPlace => {
    const sw = topology.switches.find((place) => place.name === word);
    if (sw === undefined) throw new StoryError(`${word}: expected a switch, e.g. sw0`);
    return sw;
  };
  const ownerOf = (word: string | undefined): SwitchPlace | DpuPlace =>
    topology.switches.find((place) => place.name === word) ?? dpuOf(word);
  const setOf = (word: string | undefined) => {
    const set = topology.haSets.find((place) => place.id === word);
    if (set === undefined) throw new StoryError(`${word}: expected an HA set, e.g. ${topology.haSets[0]?.id}`);
    return set;
  };

  const done = async (what: string, work: Promise<unknown>): Promise<readonly string[]> => {
    await host.run(what, work, STORY_LIMIT);
    return [];
  };

  /** The entries of a DPU's log since the last look, up to `upTo`. */
  const since = (dpu: DpuPlace, upTo?: number) => {
    const entries = cluster.logs.get(dpu.name)?.entries ?? [];
    const from = marks.get(dpu.name) ?? 0;
    const to = upTo ?? entries.length;
    marks.set(dpu.name, to);
    return entries.slice(from, to);
  };

  /** Lines that databases show, as soon as they are the expected ones. */
  const eventually = async (step: ScenarioStep, show: () => readonly string[]): Promise<readonly string[]> => {
    const expected = step.expected.trimEnd();
    const masked = (): string => mask(topology, show().join("\n"));
    if (process.env.UPDATE === "1" || expected === "") await settle(cluster);
    else await cluster.until(step.command, () => masked() === expected, SHOW_LIMIT).catch(() => {});
    return masked() === "" ? [] : masked().split("\n");
  };

  const rowLines = (owner: SwitchPlace | DpuPlace, tables: readonly string[]): string[] => {
    const known: readonly (readonly [DatabaseName, string])[] = "slot" in owner ? WATCHED.dpu : WATCHED.switch;
    return tables.flatMap((name) => {
      const found = known.find(([, table]) => table === name);
      if (found === undefined) throw new StoryError(`${name}: expected one of ${known.map(([, t]) => t).join(", ")}`);
      const rows = [...cluster.rows(owner, found[0], name)].sort(([a], [b]) => (a < b ? -1 : 1));
      if (rows.length === 0) return [`${name}: none`];
      return rows.flatMap(([key, fields]) => [`${name} ${key}`, ...fieldLines(fields)]);
    });
  };

  const reportedLine = (dpu: DpuPlace): string => {
    const set = pairOf(topology, dpu)?.set.id ?? "";
    const row = cluster.rows(switchOf(topology, dpu), "STATE_DB", "DASH_HA_SCOPE_STATE").get(`${dpu.vdpuId}|${set}`);
    if (row === undefined) return `${dpu.vdpuId}: no row`;
    const list = (text: string | undefined): string => (text === undefined || text === "" ? "none" : text);
    const planes = ["midplane", "control_plane", "data_plane"].map((plane) => row[`local_vdpu_${plane}_state`] ?? "?");
    return [
      `${dpu.vdpuId}:`,
      `state=${row.local_ha_state ?? "none"}`,
      `target=${row.local_target_asic_ha_state ?? "none"}`,
      `planes=${planes.join("/")}`,
      `bfd=${list(row.local_vdpu_up_bfd_sessions_v4)}`,
      `pending=${list(row.pending_operation_types)}`,
    ].join(" ");
  };

  const pendingTypes = (dpu: DpuPlace): string =>
    controller
      .pending(dpu.vdpuId)
      .map((operation) => operation.type)
      .sort()
      .join(", ");

  const reachLines = (dpu: DpuPlace): string[] => {
    const set = pairOf(topology, dpu)?.set;
    if (set === undefined) throw new StoryError(`${dpu.name} is in no HA set`);
    return cluster.devices.npus.map((npu) => {
      const delivery = forward(cluster.devices, npu, set.vip, set.id, "probe");
      if (delivery.kind === "lost") return `${npu.place.name}: lost at ${delivery.at}, ${delivery.why}`;
      const way = delivery.tunnelledBy === undefined ? "" : ` by the tunnel of ${delivery.tunnelledBy}`;
      return `${npu.place.name}: ${delivery.by}${way}`;
    });
  };

  const awaitStates = async (step: ScenarioStep): Promise<readonly string[]> => {
    const lines: string[] = [];
    for (const [word, wanted] of Object.entries(step.options)) {
      const dpu = dpuOf(word);
      const states = wanted.split("|");
      const log = cluster.logs.get(dpu.name)?.entries ?? [];
      const from = marks.get(dpu.name) ?? 0;
      const reached = (): number => {
        const state = cluster.haState(dpu) ?? "off";
        if (!states.includes(state)) return -1;
        const at = log.findIndex((entry, i) => i >= from && entry.kind === "state" && states.includes(entry.to));
        return at < 0 ? log.length : at + 1;
      };
      await cluster.until(
        `${step.command} (${dpu.name} is ${cluster.haState(dpu)})`,
        () => reached() >= 0,
        STORY_LIMIT,
      );
      const path = since(dpu, reached()).flatMap((entry) => (entry.kind === "state" ? [entry] : []));
      const words = path.length === 0 ? [cluster.haState(dpu)] : [path[0]?.from, ...path.map((entry) => entry.to)];
      lines.push(`${dpu.name}: ${words.join(" -> ")}`);
    }
    return lines;
  };

  const launch: StoryCommand = async (step) => {
    const sets = step.words.length === 0 ? topology.haSets : step.words.map(setOf);
    await controllerRun(step, async () => {
      for (const set of sets) await controller.createSet(set);
      for (const set of sets) for (const dpu of set.dpus) await controller.enable(dpu.vdpuId);
    });
    const members = sets.flatMap((set) => set.dpus);
    const settled = (): boolean => members.every((dpu) => SERVING.includes(cluster.haState(dpu) ?? ""));
    await cluster.until(step.command, settled, STORY_LIMIT);
    await cluster.until(`${step.command}: BFD`, () => members.every(seenByAll), STORY_LIMIT);
    for (const dpu of members) since(dpu);
    return members.map((dpu) => `${dpu.name} is ${cluster.haState(dpu)}`);
  };
  const seenByAll = (dpu: DpuPlace): boolean => {
    const wanted = topology.switches.length;
    if (cluster.devices.bfd.upSessions(cluster.devices.dpu(dpu)).length < wanted) return false;
    const set = pairOf(topology, dpu)?.set.id ?? "";
    const row = cluster.rows(switchOf(topology, dpu), "STATE_DB", "DASH_HA_SCOPE_STATE").get(`${dpu.vdpuId}|${set}`);
    return (
      (row?.local_vdpu_up_bfd_sessions_v4 ?? "").split(",").length >= wanted &&
      row?.local_ha_state === cluster.haState(dpu)
    );
  };
  const controllerRun = (step: ScenarioStep, work: () => Promise<unknown>): Promise<readonly string[]> =>
    done(step.command, work());

  const traffic: StoryCommand = async (step) => {
    const [action] = step.words;
    if (action === "on") {
      cluster.devices.traffic.reset();
      cluster.devices.traffic.start();
      return [];
    }
    if (action !== "off") throw new StoryError("traffic: expected on or off");
    const enough = (): boolean => cluster.devices.traffic.sent >= Number(step.options.packets ?? "1");
    await host.run(step.command, ticking(enough), STORY_LIMIT);
    cluster.devices.traffic.stop();
    const { sent, lost, windows } = cluster.devices.traffic;
    book.traffic(sent, lost);
    const limit = Number(step.options.max ?? "0");
    if (sent === 0) return ["no packet was sent"];
    if (lost <= limit) return [limit === 0 ? "no packet lost" : `at most ${limit} packets lost`];
    return [
      `${lost} of ${sent} packets lost, more than ${limit}`,
      ...windows.map(
        ({ at, why, from, until, packets }) => `${packets} at ${at}: ${why}, ${(until - from).toFixed(0)} ms`,
      ),
    ];
  };

  /** For what has no event of its own: looked at ten times a second. */
  const ticking = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (condition()) resolve();
        else host.clock.setTimer(millis(100), look);
      };
      look();
    });

  const power: StoryCommand = async (step) => {
    const dpu = cluster.devices.dpu(dpuOf(step.words[0]));
    if (step.words[1] === "off") return done(step.command, dpu.powerOff());
    if (step.words[1] !== "on") throw new StoryError("power: expected off or on");
    return done(step.command, dpu.powerOn(step.options.wipe === "flush" ? "flush" : "keys"));
  };

  const planes: StoryCommand = async (step) => {
    const place = dpuOf(step.words[0]);
    for (const [plane, state] of Object.entries(step.options)) {
      cluster.pmon(place).setPlane(cluster.devices.dpu(place), plane as Plane, state === "up", "story");
    }
    return done(step.command, cluster.pmon(place).idle());
  };

  const bfd: StoryCommand = async (step) => {
    const dpu = dpuOf(step.words[0]);
    const lost = step.words[1] === "lost";
    for (const sw of topology.switches) cluster.devices.bfd.setLost(sw.name, dpu.name, lost);
    const expected = lost ? 0 : topology.switches.length;
    await cluster.until(
      step.command,
      () => cluster.devices.bfd.upSessions(cluster.devices.dpu(dpu)).length === expected,
      STORY_LIMIT,
    );
    return [];
  };

  const link: StoryCommand = async (step) => {
    const [a, b] = [switchNamed(step.words[0]), switchNamed(step.words[1])];
    if (step.words[2] === "cut") cluster.cutLink(a, b);
    else cluster.healLink(a, b);
    return [];
  };

  const kill: StoryCommand = async (step) => {
    const [kind, owner] = step.words;
    if (kind === "redis") return done(step.command, host.killRedis(ownerOf(owner)));
    return done(step.command, host.killDaemon({ kind: kind as DaemonKind, dpu: dpuOf(owner) }));
  };
  const start: StoryCommand = async (step) => {
    const [kind, owner] = step.words;
    if (kind === "redis") return done(step.command, host.startRedis(ownerOf(owner)));
    return done(step.command, host.startDaemon({ kind: kind as DaemonKind, dpu: dpuOf(owner) }));
  };

  return new Map<string, StoryCommand>([
    [
      "approve",
      (step) => controllerRun(step, () => controller.setApprovals(step.words[0] === "manual" ? "manual" : "auto")),
    ],
    ["help", (step) => controllerRun(step, () => controller.setHelpsRestart(step.words[0] === "on"))],
    [
      "delete",
      (step) => {
        const [owner, table = "", key = ""] = step.words;
        return done(step.command, deleteRow(host, switchNamed(owner), table, key));
      },
    ],
    [
      "program",
      (step) =>
        controllerRun(step, async () => {
          for (const set of step.words.length === 0 ? topology.haSets : step.words.map(setOf))
            await controller.createSet(set);
        }),
    ],
    ["remove", (step) => controllerRun(step, () => controller.removeSet(setOf(step.words[0]).id))],
    [
      "enable",
      (step) =>
        controllerRun(step, async () => {
          for (const word of step.words) await controller.enable(dpuOf(word).vdpuId);
        }),
    ],
    [
      "disable",
      (step) =>
        controllerRun(step, async () => {
          for (const word of step.words) await controller.disable(dpuOf(word).vdpuId);
        }),
    ],
    [
      "desire",
      (step) =>
        controllerRun(step, () => controller.desire(dpuOf(step.words[0]).vdpuId, step.words[1] as DesiredHaState)),
    ],
    [
      "pin",
      (step) =>
        controllerRun(step, () =>
          controller.pin(setOf(step.words[0]).id, dpuOf(step.words[1]).vdpuId, step.words[2] as PinnedState),
        ),
    ],
    [
      "grant",
      async (step) => {
        const dpu = dpuOf(step.words[0]);
        const type = step.words[1] as OperationType;
        const there = (): boolean => controller.pending(dpu.vdpuId).some((operation) => operation.type === type);
        await cluster.until(step.command, there, STORY_LIMIT);
        return controllerRun(step, () => controller.approve(dpu.vdpuId, type));
      },
    ],
    ["replay", (step) => controllerRun(step, () => controller.replay())],
    ["launch", launch],
    ["await", awaitStates],
    [
      "pending",
      (step) =>
        eventually(step, () => step.words.map(dpuOf).map((dpu) => `${dpu.vdpuId}: ${pendingTypes(dpu) || "none"}`)),
    ],
    ["rows", (step) => eventually(step, () => rowLines(ownerOf(step.words[0]), step.words.slice(1)))],
    ["reported", (step) => eventually(step, () => step.words.map(dpuOf).map(reportedLine))],
    ["reaches", (step) => eventually(step, () => reachLines(dpuOf(step.words[0])))],
    [
      "bfd-up",
      (step) =>
        eventually(step, () =>
          step.words
            .map(dpuOf)
            .map(
              (dpu) => `${dpu.name}: ${cluster.devices.bfd.upSessions(cluster.devices.dpu(dpu)).join(", ") || "none"}`,
            ),
        ),
    ],
    [
      "log",
      async (step) =>
        step.words.map(dpuOf).flatMap((dpu) => since(dpu).map((entry) => `${dpu.name} ${describeDpuEntry(entry)}`)),
    ],
    ["traffic", traffic],
    ["power", power],
    ["planes", planes],
    ["bfd", bfd],
    ["link", link],
    ["kill", kill],
    ["start", start],
    ["flush", (step) => done(step.command, flushDatabases(host, dpuOf(step.words[0])))],
    ["stale", (step) => done(step.command, writeStaleRows(host, dpuOf(step.words[0])))],
    [
      "check",
      async (step) => {
        const clean = (): boolean => book.check("quiet").length === 0;
        await cluster.until(step.command, clean, SHOW_LIMIT).catch(() => {});
        const found = book.check("quiet");
        return found.length === 0 ? ["all invariants hold"] : found;
      },
    ],
  ]);
}

function fieldLines(fields: Fields): string[] {
  return Object.keys(fields)
    .sort()
    .map((name) => `  ${name} ${JSON.stringify(fields[name])}`);
}

/** Long enough for every write that follows from what has happened, where no answer is expected yet. */
async function settle(cluster: Cluster): Promise<void> {
  const { clock } = cluster.host;
  const passed = new Promise<void>((resolve) => void clock.setTimer(SETTLE, resolve));
  await cluster.host.run("settle", passed, STORY_LIMIT);
}
