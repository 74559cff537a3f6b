import { type Fid, formatFid, parseFid, typedFid } from "../../fid.js";

/** A key of Consul's store with its text. */
export interface Pair {
  readonly key: string;
  readonly text: string;
}

export interface ConfService {
  /** `ios`, `rms`, `confd`, … */
  readonly name: string;
  readonly fid: Fid;
}

/** A Motr process as the configuration has it. */
export interface ConfProcess {
  readonly fid: Fid;
  /** Consul's name of its node. */
  readonly node: string;
  readonly endpoint: string | undefined;
  /** In key order, which is the order of notes. */
  readonly services: readonly ConfService[];
}

/** What stands below `m0conf/nodes`, once for all questions of a message. */
export interface ConfTree {
  /** By the key of the fid: it is unique in the cluster, whatever its node. */
  readonly processes: ReadonlyMap<bigint, ConfProcess>;
  /** Service fid (text) → its process. */
  readonly owners: ReadonlyMap<string, ConfProcess>;
  /** Fid (text) → stored `state`, wherever in the tree the fid is the last word. */
  readonly states: ReadonlyMap<string, string>;
  /** Values that could not be read: key and why. Each counts as absent. */
  readonly faults: readonly string[];
}

const FAULTS_MAX = 20;

/** Reads both trees of `m0conf/nodes`: by node name with decimal keys, and by fid. */
export function readConfTree(pairs: readonly Pair[]): ConfTree {
  const building = new Map<bigint, { node: string; endpoint: string | undefined; services: ConfService[] }>();
  const states = new Map<string, string>();
  const faults: string[] = [];
  const fault = (key: string, why: string): void => {
    if (faults.length < FAULTS_MAX) faults.push(`${key}: ${why}`);
  };
  for (const { key, text } of pairs) {
    const words = key.split("/");
    const [, , node = "", kind = "", id = "", member = "", name = ""] = words;
    const last = words[words.length - 1] as string;
    if (kind === "processes" && /^\d+$/.test(id)) {
      const process = building.get(BigInt(id)) ?? { node: nodeName(node), endpoint: undefined, services: [] };
      building.set(BigInt(id), process);
      if (member === "endpoint" && words.length === 6) process.endpoint = text;
      if (member !== "services" || words.length !== 7) continue;
      const service = decimalKey(text);
      if (service === undefined) fault(key, `${JSON.stringify(text.slice(0, 40))} is no decimal fid key`);
      else process.services.push({ name, fid: serviceFid(service) });
      continue;
    }
    const fid = last.includes(":") ? parseFid(last) : undefined;
    if (fid?.ok !== true) continue;
    const state = stateIn(text);
    if (state === undefined) fault(key, "expected a JSON object with a state");
    else states.set(formatFid(fid.value), state);
  }
  const processes = new Map<bigint, ConfProcess>();
  const owners = new Map<string, ConfProcess>();
  for (const [key, parts] of building) {
    const process = { fid: processFid(key), ...parts };
    processes.set(key, process);
    for (const service of parts.services) owners.set(formatFid(service.fid), process);
  }
  return { processes, owners, states, faults };
}

/** The processes of a process or service fid's owner; dynamic fids keep their static part in the low 32 bits. */
export function processOf(tree: ConfTree, { key }: Fid): ConfProcess | undefined {
  return tree.processes.get(key) ?? tree.processes.get(key & 0xffffffffn);
}

export const processFid = (key: bigint): Fid => typedFid("r", 1n, key);
export const serviceFid = (key: bigint): Fid => typedFid("s", 1n, key);

/** A node's name as Consul has it may carry `:suffix`. */
export function nodeName(name: string): string {
  return name.split(":", 1)[0] as string;
}

/** A decimal u64. */
export function decimalKey(text: string): bigint | undefined {
  const digits = text.trim();
  const key = /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
  return key !== undefined && key < 2n ** 64n ? key : undefined;
}

/** The `state` of a JSON object; nothing when there is none. */
export function stateIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const state = (value as { readonly state?: unknown } | null)?.state;
    return typeof state === "string" ? state : undefined;
  } catch {
    return undefined;
  }
}
