import type { Json } from "@tandem/base";
import { formatFid, parseFid } from "../../fid.js";
import { type ConfProcess, type ConfTree, type Pair, readConfTree } from "./conf-tree.js";
import { checkedState, type HealthView } from "./health-view.js";

/** States of pool versions in which bytes are counted, as keys below `bytecount/`. */
const BYTE_COUNTS = ["healthy", "degraded", "critical", "damaged"] as const;

/** The cluster as `hctl status --json` shows it: pools, profiles, file system, and the services of each node. */
export function clusterStatus(m0conf: readonly Pair[], filesystem: string | undefined, view: HealthView): Json {
  const conf = readConfTree(m0conf);
  const nodes = new Map<string, ConfProcess[]>();
  for (const process of conf.processes.values()) nodes.set(process.node, [...(nodes.get(process.node) ?? []), process]);
  return {
    schema: "tandem.hax-cluster.v1",
    pools: named(m0conf, "m0conf/pools/").map(({ fid, text }) => ({ fid, name: text })),
    profiles: named(m0conf, "m0conf/profiles/").map(({ fid, text }) => ({ fid, ...profileOf(text) })),
    filesystem: filesystem === undefined ? null : objectIn(filesystem),
    nodes: [...nodes.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, processes]) => ({
        name,
        svcs: processes.map((process) => ({
          ...{ name: mainService(process), fid: formatFid(process.fid), ep: process.endpoint ?? null },
          status: statusOf(process, view),
        })),
      })),
  };
}

/** `bytecount/*`: a state that nobody has counted is null. */
export function byteCounts(pairs: readonly Pair[]): Json {
  const stored = new Map(pairs.map(({ key, text }) => [key, text.trim()]));
  const count = (state: string): number | null => {
    const text = stored.get(`bytecount/${state}`);
    return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
  };
  return {
    schema: "tandem.hax-bytecount.v1",
    ...Object.fromEntries(BYTE_COUNTS.map((state) => [state, count(state)])),
  };
}

/** The fids of all processes, by node. */
export function processFids(conf: ConfTree): Json {
  return [...conf.processes.values()].map((process) => ({
    ...{ name: mainService(process), fid: formatFid(process.fid), node: process.node },
  }));
}

/** What a process is there for: its first service that is no resource manager. */
function mainService({ services }: ConfProcess): string {
  return services.find(({ name }) => name !== "rms")?.name ?? services[0]?.name ?? "process";
}

/** Stored event and live checks together: what does not pass is never started. */
function statusOf(process: ConfProcess, view: HealthView): string {
  const event = view.events.get(formatFid(process.fid))?.replace(/^M0_CONF_HA_PROCESS_/, "");
  const known = (view.checks.get(process.node) ?? []).length > 0;
  if (event === undefined || !known) return "unknown";
  if (event === "STOPPED") return "stopped";
  if (checkedState(process, view, "failed") !== "ONLINE") return "offline";
  return event === "STARTED" || event === "DTM_RECOVERED" ? "started" : event.toLowerCase();
}

function named(pairs: readonly Pair[], prefix: string): readonly { readonly fid: string; readonly text: string }[] {
  return pairs.flatMap(({ key, text }) => {
    const fid = key.startsWith(prefix) ? parseFid(key.slice(prefix.length)) : undefined;
    return fid?.ok === true ? [{ fid: formatFid(fid.value), text }] : [];
  });
}

function profileOf(text: string): { readonly name: string | null; readonly pools: readonly string[] } {
  const value = objectIn(text) as { readonly name?: unknown; readonly pools?: unknown } | null;
  const pools: readonly unknown[] = Array.isArray(value?.pools) ? value.pools : [];
  return {
    name: typeof value?.name === "string" ? value.name : null,
    // The list may hold null, for a pool that is not there.
    pools: pools.filter((pool): pool is string => typeof pool === "string"),
  };
}

function objectIn(text: string): Json {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
