import { formatEndpoint } from "@tandem/wire";
import { SCOPE, ServicePath } from "../service-path.js";
import type { ConfigFault, ConfigReading, PeerConfig, SwbusConfig } from "./config.js";
import { isIpv4, isIpv6, readUint } from "./read-fields.js";

/** The rows that make a swbusd's configuration. Keys are without the table's name. */
export interface ConfigRows {
  /** `DEVICE_METADATA|localhost`; empty when there is none. */
  readonly metadata: Row;
  /** Keys of `LOOPBACK_INTERFACE`: `Loopback0|10.1.0.32/32`. */
  readonly loopbacks: readonly string[];
  /** `DPU`. */
  readonly dpus: ReadonlyMap<string, Row>;
  /** `REMOTE_DPU`. */
  readonly remoteDpus: ReadonlyMap<string, Row>;
  /** `VDPU`. */
  readonly vdpus: ReadonlyMap<string, Row>;
}

export type Row = ReadonlyMap<string, string>;

/** A DPU of this switch, as the bus needs it. */
interface LocalDpu {
  readonly id: number;
  readonly port: number;
}

/** Where a DPU's swbusd on another switch listens. */
interface RemoteDpu {
  readonly host: string;
  readonly port: number;
}

/** The last good form of each row that still exists, by key. */
export interface GoodRows {
  readonly dpus: ReadonlyMap<string, LocalDpu>;
  readonly remotes: ReadonlyMap<string, RemoteDpu>;
}

export const NO_GOOD_ROWS: GoodRows = { dpus: new Map(), remotes: new Map() };

/**
 * Rows → configuration of the swbusd for `slot`. A bad row is reported; it counts as it was when it was last good, and
 * not at all when it never was. What this slot cannot do without is waited for.
 */
export function configFromRows(
  rows: ConfigRows,
  slot: number,
  before: GoodRows = NO_GOOD_ROWS,
): ConfigReading & { readonly good: GoodRows } {
  const faults: ConfigFault[] = [];
  const tell = (effect: string) => (where: string, detail: string) => {
    faults.push({ where: `CONFIG_DB ${where}`, detail, effect });
  };
  const skip = tell("the row is skipped");
  const good: GoodRows = {
    dpus: goodRows(rows.dpus, before.dpus, readDpu, (key, detail, effect) => tell(effect)(`DPU|${key}`, detail)),
    remotes: goodRows(rows.remoteDpus, before.remotes, readRemote, (key, detail, effect) =>
      tell(effect)(`REMOTE_DPU|${key}`, detail),
    ),
  };
  const waiting = (reason: string) => ({ kind: "waiting", reason, faults, good }) as const;

  const place = readPlace(rows.metadata);
  if (typeof place === "string") return waiting(`CONFIG_DB DEVICE_METADATA|localhost: ${place}`);
  const { ipv4, ipv6 } = readLoopback(rows.loopbacks, skip);
  const address = ipv4 ?? ipv6;
  if (address === undefined) return waiting("CONFIG_DB LOOPBACK_INTERFACE|Loopback0|<address>: no address yet");

  const dpus = bySlot(good.dpus, namedDpus(rows.vdpus), skip);
  const self = dpus.get(slot);
  if (self === undefined) return waiting(`CONFIG_DB DPU: no usable row with dpu_id ${slot} yet`);
  const endpoint = formatEndpoint(address, self.port);

  const peers = new Map<string, PeerConfig>();
  const addPeer = (where: string, host: string, port: number): void => {
    const at = formatEndpoint(host, port);
    if (at === endpoint || peers.has(at)) skip(where, `${at} is there already`);
    else peers.set(at, { endpoint: at, type: "inCluster" });
  };
  for (const dpu of dpus.values()) if (dpu !== self) addPeer(`DPU|${dpu.key}`, address, dpu.port);
  for (const [key, remote] of good.remotes) addPeer(`REMOTE_DPU|${key}`, remote.host, remote.port);

  const path = new ServicePath({ ...place, node: `${place.hostname}-dpu${slot}` });
  const config: SwbusConfig = {
    endpoint,
    routes: [{ path, scope: SCOPE.inCluster }],
    peers: [...peers.values()],
    ...(ipv4 !== undefined && { npuIpv4: ipv4 }),
    ...(ipv6 !== undefined && { npuIpv6: ipv6 }),
  };
  return { kind: "config", config, faults, good };
}

type Tell = (where: string, detail: string) => void;

/** What a row says; a text is what is wrong with it, `undefined` that it is none of ours. */
type ReadRow<T> = (row: Row) => T | string | undefined;

function goodRows<T extends object>(
  rows: ReadonlyMap<string, Row>,
  before: ReadonlyMap<string, T>,
  read: ReadRow<T>,
  tell: (key: string, detail: string, effect: string) => void,
): ReadonlyMap<string, T> {
  const good = new Map<string, T>();
  for (const [key, row] of rows) {
    const found = read(row);
    const known = typeof found === "string" ? before.get(key) : found;
    if (typeof found === "string") {
      tell(key, found, known === undefined ? "the row is skipped" : "its last good form stays");
    }
    if (known !== undefined) good.set(key, known);
  }
  return good;
}

interface Place {
  readonly region: string;
  readonly cluster: string;
  readonly hostname: string;
}

/** What is wrong, as a text, or where the switch is. */
function readPlace(metadata: Row): Place | string {
  for (const [field, pattern] of [
    ["region", /^[^./\s]+$/],
    ["cluster", /^[^./\s]+$/],
    ["hostname", /^[^/\s]+$/],
  ] as const) {
    const value = present(metadata, field);
    if (value === undefined) return `${field} is missing`;
    if (!pattern.test(value) || !/^[\x21-\x7e]+$/.test(value))
      return `${field} ${shown(value)} cannot be part of a service path (printable ASCII without blanks, slashes${field === "hostname" ? "" : ", dots"})`;
  }
  return {
    region: present(metadata, "region") ?? "",
    cluster: present(metadata, "cluster") ?? "",
    hostname: present(metadata, "hostname") ?? "",
  };
}

function readLoopback(keys: readonly string[], skip: Tell): { ipv4?: string; ipv6?: string } {
  const found: { ipv4?: string; ipv6?: string } = {};
  for (const key of keys) {
    const [name, prefix] = key.split("|");
    if (name !== "Loopback0" || prefix === undefined) continue;
    const address = prefix.split("/")[0] ?? "";
    if (isIpv4(address)) found.ipv4 = address;
    else if (isIpv6(address)) found.ipv6 = address;
    else skip(`LOOPBACK_INTERFACE|${key}`, `${shown(address)} is not an IP address`);
  }
  return found;
}

interface Dpu extends LocalDpu {
  readonly key: string;
}

/** Of several rows with one dpu_id the one counts that a vDPU names, then the first: hamgrd chooses the same. */
function bySlot(rows: ReadonlyMap<string, LocalDpu>, named: ReadonlySet<string>, skip: Tell): ReadonlyMap<number, Dpu> {
  const dpus = new Map<number, Dpu>();
  const inOrder = [...rows].sort(([a], [b]) => Number(named.has(b)) - Number(named.has(a)));
  for (const [key, dpu] of inOrder) {
    const other = dpus.get(dpu.id);
    if (other === undefined) dpus.set(dpu.id, { ...dpu, key });
    else skip(`DPU|${key}`, `dpu_id ${dpu.id} is that of DPU|${other.key} already`);
  }
  return dpus;
}

function namedDpus(vdpus: ReadonlyMap<string, Row>): ReadonlySet<string> {
  return new Set(
    [...vdpus.values()].flatMap((row) => (row.get("main_dpu_ids") ?? "").split(",").map((id) => id.trim())),
  );
}

function readDpu(row: Row): LocalDpu | string {
  const id = readNumber(row, "dpu_id", 0, 0xffff_ffff);
  if (typeof id === "string") return id;
  const port = readNumber(row, "swbus_port", 1, 0xffff);
  return typeof port === "string" ? port : { id, port };
}

function readRemote(row: Row): RemoteDpu | string | undefined {
  const type = present(row, "type");
  if (type === undefined) return "type is missing";
  // Other types are not of this bus.
  if (type !== "cluster") return undefined;
  const dpu = readDpu(row);
  if (typeof dpu === "string") return dpu;
  const { port } = dpu;
  const ipv4 = present(row, "npu_ipv4");
  const ipv6 = present(row, "npu_ipv6");
  if (ipv4 !== undefined) {
    return isIpv4(ipv4) ? { host: ipv4, port } : `npu_ipv4 ${shown(ipv4)} is not an IPv4 address`;
  }
  if (ipv6 === undefined) return "neither npu_ipv4 nor npu_ipv6 is there";
  return isIpv6(ipv6) ? { host: ipv6, port } : `npu_ipv6 ${shown(ipv6)} is not an IPv6 address`;
}

function readNumber(row: Row, field: string, min: number, max: number): number | string {
  const text = present(row, field);
  if (text === undefined) return `${field} is missing`;
  const value = readUint(text, max);
  return value !== undefined && value >= min ? value : `${field} ${shown(text)} is not a number from ${min} to ${max}`;
}

/** Absent, empty and the text `none` are the same. */
function present(row: Row, field: string): string | undefined {
  const text = row.get(field);
  return text === undefined || text === "" || text === "none" ? undefined : text;
}

/** A found text in a line for people: quoted, and not longer than helps. */
function shown(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
