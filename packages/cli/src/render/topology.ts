import type { PairView, SideView } from "@tandem/hamgrd";
import type { DpuNode, LinkNode, SetNode, SwitchNode, TopologyView } from "../topology-view.js";
import { type Paint, plain } from "./ha.js";
import { stateName } from "./words.js";

/** Longest explanation shown in a line; `doctor` tells the rest. */
const WHY_MAX = 48;

/** `show topology` as a tree. */
export function renderTopology({ region, cluster, switches, sets }: TopologyView, paint: Paint = plain): string {
  const lines = [`${region}.${cluster}`];
  for (const node of switches) lines.push("", ...switchLines(node, paint));
  lines.push("", ...setLines(sets, paint));
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

type Tone = Parameters<Paint>[0];

/** Cells of a line, and what the line means. Colours go on when the columns are aligned. */
interface Line {
  readonly cells: readonly string[];
  readonly tone: Tone;
}

function switchLines({ name, address, here, dpus }: SwitchNode, paint: Paint): readonly string[] {
  const title = `${name}  ${address}${here ? "  this switch" : ""}`;
  return [
    title,
    ...branches(
      dpus.map((dpu) => (here ? localLine(dpu) : remoteLine(dpu))),
      paint,
    ),
  ];
}

function localLine({ name, slot, vdpus, pa, planes, bus, asked, hamgrd, hamgrdUp }: DpuNode): Line {
  const wrong = Object.entries(planes ?? {}).filter(([, state]) => state !== "up");
  const health = wrong.length === 0 ? "up" : wrong.map(([plane, state]) => `${plane} ${state}`).join(", ");
  const isWell = wrong.length === 0 && bus === "up" && hamgrdUp;
  const swbusd = bus === "up" ? "up" : asked ? "down" : `not asked: ${short(bus)}`;
  return {
    cells: [name, `slot ${slot}`, vdpus.join(",") || "no vDPU", pa, health, `swbusd ${swbusd}`, `hamgrd ${hamgrd}`],
    tone: isWell ? "good" : asked ? "bad" : "warn",
  };
}

function remoteLine({ name, slot, vdpus, pa, bus, hamgrd, hamgrdUp, links }: DpuNode): Line {
  const ways = bus === "up" ? linkWords(links) : short(bus);
  const tone = bus !== "up" ? "bad" : hamgrdUp && links.every(({ rttMs }) => rttMs !== undefined) ? "good" : "warn";
  return {
    cells: [name, `slot ${slot}`, vdpus.join(",") || "no vDPU", pa, ways, bus === "up" ? `hamgrd ${hamgrd}` : ""],
    tone,
  };
}

/** `0.4 ms from dpu0, dpu1`, and the slots from which there is no way. */
function linkWords(links: readonly LinkNode[]): string {
  const reached = links.filter(({ rttMs }) => rttMs !== undefined);
  const lost = links.filter(({ rttMs }) => rttMs === undefined).map(({ fromSlot }) => `dpu${fromSlot}`);
  const slowest = Math.max(...reached.map(({ rttMs }) => rttMs ?? 0));
  const from = reached.map(({ fromSlot }) => `dpu${fromSlot}`).join(",");
  return `${slowest.toFixed(1)} ms from ${from}${lost.length === 0 ? "" : `, not from ${lost.join(",")}`}`;
}

function setLines(sets: readonly SetNode[], paint: Paint): readonly string[] {
  if (sets.length === 0) return ["no HA set is configured"];
  return [`HA sets`, ...branches(sets.map(setLine), paint)];
}

function setLine({ id, vip, vdpus, bad, pair }: SetNode): Line {
  if (bad !== "") return { cells: [id, vip || "-", `refused: bad ${bad}`], tone: "bad" };
  if (pair === undefined) return { cells: [id, vip, ...vdpus, "no side here"], tone: "warn" };
  return { cells: [id, vip, ...pair.sides.map(sideWords), pairWords(pair)], tone: toneOf(pair) };
}

function sideWords({ vdpu, on, state }: SideView): string {
  if (!state.known) return `${vdpu} unknown${on === "" ? "" : ` on ${on}`}`;
  return `${vdpu} ${stateName(state.haState)} on ${on}, bfd ${state.bfd.length}`;
}

function pairWords({ sides }: PairView): string {
  const pending = sides.flatMap(({ state }) => (state.known ? state.pending.map(({ type }) => type) : []));
  return pending.length === 0 ? "" : `waits for ${pending.join(", ")}`;
}

function toneOf({ sides }: PairView): Tone {
  const states = sides.map(({ state }) => (state.known ? state.haState : "unknown")).sort();
  if (states[0] === "active" && states[1] === "standby") return "good";
  return states.some((state) => state === "active" || state === "standalone") ? "warn" : "bad";
}

function branches(lines: readonly Line[], paint: Paint): readonly string[] {
  const widths: number[] = [];
  for (const { cells } of lines)
    for (const [i, cell] of cells.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  return lines.map(({ cells, tone }, n) => {
    const text = cells.map((cell, i) => cell.padEnd(widths[i] as number)).join("  ");
    return `${n === lines.length - 1 ? "└─" : "├─"} ${paint(tone, text.trimEnd())}`;
  });
}

function short(why: string): string {
  return why.length <= WHY_MAX ? why : `${why.slice(0, WHY_MAX - 1)}…`;
}
