import { HA_STATES } from "../../dpu/ha-state.js";
import type { DpuPlace } from "../../topology.js";
import type { StoryCommand } from "../story-command.js";
import type { StoryStage } from "../story-stage.js";
import { expected } from "../story-words.js";
import { setsOf } from "./named-sets.js";

const STATES: readonly string[] = [...HA_STATES, "off"];

interface Wanted {
  readonly dpu: DpuPlace;
  readonly states: readonly string[];
}

/** What must come, and traffic that is counted meanwhile. */
export const WAIT_COMMANDS: readonly StoryCommand[] = [
  {
    name: "await",
    takes: "DPU=STATE[|STATE…]…",
    does: "waits until each DPU is in one of the HA states, and prints the way that it took since the last look",
    read: (words) => {
      const wanted = words.options("e.g. sw0_dpu0=active").map(([name, text]): Wanted => {
        const states = text.split("|");
        for (const state of states) if (!STATES.includes(state)) throw expected(state, STATES.join(" or "));
        return { dpu: words.dpuNamed(name), states };
      });
      return async (stage, { command }) => {
        const lines: string[] = [];
        for (const one of wanted) lines.push(await awaitState(stage, command, one));
        return lines;
      };
    },
  },
  {
    name: "traffic",
    takes: "on [HA-SET…] | off [packets=N] [max=N]",
    does: "sends packets to the VIP of every pair, or of those named, from now on; or stops once N were sent (1), and says whether at most N (0) were lost",
    read: (words) => {
      if (words.oneOf(["on", "off"]) === "on") {
        const sets = setsOf(words).map(({ id }) => id);
        return ({ cluster: { devices } }) => {
          devices.traffic.reset();
          devices.traffic.start(sets);
          return Promise.resolve([]);
        };
      }
      const packets = words.count("packets", 1);
      const max = words.count("max", 0);
      return (stage, { command }) => trafficOff(stage, command, packets, max);
    },
  },
];

/** The way that a DPU took, e.g. `sw1_dpu0: standby -> standalone`. */
async function awaitState(stage: StoryStage, command: string, { dpu, states }: Wanted): Promise<string> {
  const { cluster } = stage;
  const log = cluster.logs.get(dpu.name)?.entries ?? [];
  const from = stage.mark(dpu);
  /** Index after the entry that reached a wanted state; -1 while it is in none. */
  const reached = (): number => {
    if (!states.includes(cluster.haState(dpu) ?? "off")) return -1;
    const at = log.findIndex((entry, i) => i >= from && entry.kind === "state" && states.includes(entry.to));
    return at < 0 ? log.length : at + 1;
  };
  await cluster.until(
    `${command} (${dpu.name} is ${cluster.haState(dpu) ?? "off"})`,
    () => reached() >= 0,
    stage.limit,
  );
  const path = stage.since(dpu, reached()).flatMap((entry) => (entry.kind === "state" ? [entry] : []));
  const names = path.length === 0 ? [cluster.haState(dpu) ?? "off"] : [path[0]?.from, ...path.map(({ to }) => to)];
  return `${dpu.name}: ${names.join(" -> ")}`;
}

async function trafficOff(
  stage: StoryStage,
  command: string,
  packets: number,
  max: number,
): Promise<readonly string[]> {
  const { traffic } = stage.cluster.devices;
  await stage.ticking(command, () => traffic.sent >= packets);
  traffic.stop();
  const { sent, lost, windows } = traffic;
  stage.book.traffic(sent, windows);
  if (sent === 0) return ["no packet was sent"];
  if (lost <= max) return [max === 0 ? "no packet lost" : `at most ${max} packets lost`];
  return [
    `${lost} of ${sent} packets lost, more than ${max}`,
    ...windows.map(
      ({ at, why, from, until, packets: count }) => `${count} at ${at}: ${why}, ${(until - from).toFixed(0)} ms`,
    ),
  ];
}
