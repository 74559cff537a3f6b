import type { DatabaseName, Fields } from "@tandem/swss";
import { DAEMON_KINDS, daemonOf } from "../../cluster/cluster-host.js";
import { describeDpuEntry } from "../../cluster/dpu-log.js";
import { WATCHED } from "../../cluster/observer.js";
import { type DpuPlace, pairOf, type SwitchPlace, switchOf } from "../../topology.js";
import { forward } from "../../traffic.js";
import type { StoryCommand } from "../story-command.js";
import { StoryError } from "../story-error.js";
import { SHOW_LIMIT, type StoryStage } from "../story-stage.js";
import type { StoryWords } from "../story-words.js";

type Show = (stage: StoryStage, dpu: DpuPlace) => string | readonly string[];

/** A line or more for each DPU that is named; at least one. */
function perDpu(words: StoryWords, show: Show): ReturnType<StoryCommand["read"]> {
  const dpus = words.each(() => words.dpu(), 1);
  return (stage, step) => stage.eventually(step, () => dpus.flatMap((dpu) => show(stage, dpu)));
}

/** What the databases and the devices show, as soon as it is what the story expects. */
export const SHOW_COMMANDS: readonly StoryCommand[] = [
  {
    name: "rows",
    takes: "SWITCH-OR-DPU TABLE…",
    does: "prints the rows of tables, field by field",
    read: (words) => {
      const owner = words.owner();
      const known: readonly (readonly [DatabaseName, string])[] = "slot" in owner ? WATCHED.dpu : WATCHED.switch;
      const names = known.map(([, table]) => table);
      const tables = words.each(() => words.oneOf(names), 1);
      return (stage, step) =>
        stage.eventually(step, () =>
          known
            .filter(([, table]) => tables.includes(table))
            .sort(([, a], [, b]) => tables.indexOf(a) - tables.indexOf(b))
            .flatMap(([db, table]) => rowLines(stage, owner, db, table)),
        );
    },
  },
  {
    name: "reported",
    takes: "DPU…",
    does: "prints what the switch reports of scopes: state, target, planes, BFD, pending operations",
    read: (words) => perDpu(words, reported),
  },
  {
    name: "pending",
    takes: "DPU…",
    does: "prints the operations that wait for the controller's approval",
    read: (words) =>
      perDpu(words, ({ cluster: { controller } }, { vdpuId }) => {
        const types = controller.pending(vdpuId).map(({ type }) => type);
        return `${vdpuId}: ${types.sort().join(", ") || "none"}`;
      }),
  },
  {
    name: "reaches",
    takes: "DPU",
    does: "prints, for each switch, where a packet for the VIP of the DPU's pair ends",
    read: (words) => {
      const dpu = words.dpu();
      if (pairOf(words.topology, dpu) === undefined) throw new StoryError(`${dpu.name} is in no HA set`);
      return (stage, step) => stage.eventually(step, () => reaches(stage, dpu));
    },
  },
  {
    name: "bfd-up",
    takes: "DPU…",
    does: "prints the switches whose BFD session to the DPU is up",
    read: (words) =>
      perDpu(words, ({ cluster: { devices } }, dpu) => {
        const up = devices.bfd.upSessions(devices.dpu(dpu));
        return `${dpu.name}: ${up.join(", ") || "none"}`;
      }),
  },
  {
    name: "log",
    takes: "DPU…",
    does: "prints what DPUs did since the last look: states with reasons, BFD, power",
    read: (words) => {
      const dpus = words.each(() => words.dpu(), 1);
      return (stage) =>
        Promise.resolve(
          dpus.flatMap((dpu) => stage.since(dpu).map((entry) => `${dpu.name} ${describeDpuEntry(entry)}`)),
        );
    },
  },
  {
    name: "told",
    takes: "swbusd|hamgrd DPU WORDS…",
    does: "waits for an error or warning with these words, and prints all such that a daemon has logged, each once, in order of text",
    read: (words) => {
      const kind = words.oneOf(DAEMON_KINDS);
      const dpu = words.dpu();
      const about = words.each(() => words.any("words of a line"), 1).join(" ");
      return async (stage, step) => {
        const { host } = stage.cluster;
        const lines = (): readonly string[] =>
          host.said(daemonOf(host, kind, dpu)).filter((line) => line.includes(about));
        await stage.ticking(step.command, () => lines().length > 0);
        return stage.eventually(step, () => [...new Set(lines())].sort());
      };
    },
  },
  {
    name: "check",
    takes: "",
    does: "checks every invariant of docs/invariants.md, once nothing is under way",
    read:
      () =>
      async ({ cluster, book }) => {
        await cluster.reaches(() => book.atRest().length === 0, SHOW_LIMIT);
        const found = book.atRest();
        book.violated(found);
        return found.length === 0 ? ["all invariants hold"] : found;
      },
  },
];

function rowLines({ cluster }: StoryStage, owner: SwitchPlace | DpuPlace, db: DatabaseName, table: string): string[] {
  const rows = [...cluster.rows(owner, db, table)].sort(([a], [b]) => (a < b ? -1 : 1));
  if (rows.length === 0) return [`${table}: none`];
  return rows.flatMap(([key, fields]) => [`${table} ${key}`, ...fieldLines(fields)]);
}

function fieldLines(fields: Fields): string[] {
  return Object.keys(fields)
    .sort()
    .map((name) => `  ${name} ${JSON.stringify(fields[name])}`);
}

function reported({ cluster }: StoryStage, dpu: DpuPlace): string {
  const { topology } = cluster;
  const set = pairOf(topology, dpu)?.set.id ?? "";
  const row = cluster.rows(switchOf(topology, dpu), "STATE_DB", "DASH_HA_SCOPE_STATE").get(`${dpu.vdpuId}|${set}`);
  if (row === undefined) return `${dpu.vdpuId}: no row`;
  const list = (text: string | undefined): string => (text === undefined || text === "" ? "none" : text);
  const planes = ["midplane", "control_plane", "data_plane"].map((plane) => row[`local_vdpu_${plane}_state`] ?? "?");
  return [
    `${dpu.vdpuId}:`,
    `state=${row["local_ha_state"] ?? "none"}`,
    `target=${row["local_target_asic_ha_state"] ?? "none"}`,
    `planes=${planes.join("/")}`,
    `bfd=${list(row["local_vdpu_up_bfd_sessions_v4"])}`,
    `pending=${list(row["pending_operation_types"])}`,
  ].join(" ");
}

function reaches({ cluster }: StoryStage, dpu: DpuPlace): string[] {
  const set = pairOf(cluster.topology, dpu)?.set;
  if (set === undefined) return [];
  return cluster.devices.npus.map((npu) => {
    if (npu.route(set.vip) === undefined) return `${npu.place.name}: no route, so it does not announce ${set.vip}`;
    const delivery = forward(cluster.devices, npu, set.vip, set.id, "probe");
    if (delivery.kind === "lost") return `${npu.place.name}: lost at ${delivery.at}, ${delivery.why}`;
    const way = delivery.tunnelledBy === undefined ? "" : ` by the tunnel of ${delivery.tunnelledBy}`;
    return `${npu.place.name}: ${delivery.by}${way}`;
  });
}
