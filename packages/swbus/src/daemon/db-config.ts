import { type Clock, seconds, type Timer } from "@tandem/base";
import { type Command, describeStoreError, type Store, type StoreError, type Subscription } from "@tandem/swss";
import { formatEndpoint } from "@tandem/wire";
import { SCOPE, ServicePath } from "../service-path.js";
import type { ConfigFault, ConfigReading, ConfigSource, PeerConfig, SwbusConfig } from "./config.js";
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
}

export type Row = ReadonlyMap<string, string>;

const TABLES = ["DEVICE_METADATA", "LOOPBACK_INTERFACE", "DPU", "REMOTE_DPU"] as const;

/** Rows are read again this often, in case key events are off or were missed. */
const POLL = seconds(5);

/** Configuration of the swbusd for one DPU slot, from the switch's CONFIG_DB. */
export function dbConfig(store: Store, slot: number, clock: Clock): ConfigSource {
  return {
    async read() {
      const rows = await readRows(store);
      return rows.kind === "rows"
        ? configFromRows(rows.rows, slot)
        : { kind: "waiting", reason: describeStoreError(rows.error), faults: [] };
    },
    watch: (changed) => watchRows(store, clock, changed),
  };
}

function watchRows(store: Store, clock: Clock, changed: () => void): () => void {
  const { id, separator } = store.db;
  let stopped = false;
  let timer: Timer;
  const poll = (): void => {
    timer = clock.setTimer(POLL, () => {
      changed();
      poll();
    });
  };
  poll();
  const offConnect = store.onConnect(changed);
  // A subscription that is refused leaves the polling.
  const subscriptions: Subscription[] = [];
  for (const table of TABLES)
    void store.psubscribe(`__keyspace@${id}__:${table}${separator}*`, changed).then((subscribed) => {
      if (!subscribed.ok) return;
      if (stopped) void subscribed.value.close();
      else subscriptions.push(subscribed.value);
    });
  return () => {
    stopped = true;
    timer.cancel();
    offConnect();
    for (const subscription of subscriptions) void subscription.close();
  };
}

type RowsRead =
  | { readonly kind: "rows"; readonly rows: ConfigRows }
  | { readonly kind: "failed"; readonly error: StoreError };

async function readRows(store: Store): Promise<RowsRead> {
  const { separator } = store.db;
  const listed = await store.pipeline(TABLES.map((table): Command => ["KEYS", `${table}${separator}*`]));
  if (!listed.ok) return { kind: "failed", error: listed.error };
  const keys: string[][] = [];
  for (const reply of listed.value) {
    if (!reply.ok) return { kind: "failed", error: reply.error };
    keys.push(texts(reply.value).sort());
  }
  const rowKeys = keys.flatMap((list, table) => (TABLES[table] === "LOOPBACK_INTERFACE" ? [] : list));
  const read = await store.pipeline(rowKeys.map((key): Command => ["HGETALL", key]));
  if (!read.ok) return { kind: "failed", error: read.error };
  const rows = new Map<string, Row>();
  for (const [i, reply] of read.value.entries()) {
    // A key that is no hash reads as a row without fields, which is then refused by name.
    const flat = reply.ok ? texts(reply.value) : [];
    const row = new Map<string, string>();
    for (let f = 0; f + 1 < flat.length; f += 2) row.set(flat[f] as string, flat[f + 1] as string);
    rows.set(rowKeys[i] as string, row);
  }
  const table = (name: (typeof TABLES)[number]): ReadonlyMap<string, Row> => {
    const prefix = `${name}${separator}`;
    return new Map(
      [...rows].flatMap(([key, row]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), row]] : [])),
    );
  };
  return {
    kind: "rows",
    rows: {
      metadata: table("DEVICE_METADATA").get("localhost") ?? new Map(),
      loopbacks: (keys[1] as string[]).map((key) => key.slice(`LOOPBACK_INTERFACE${separator}`.length)),
      dpus: table("DPU"),
      remoteDpus: table("REMOTE_DPU"),
    },
  };
}

function texts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.filter((item): item is string => typeof item === "string") : [];
}

/**
 * Rows → configuration of the swbusd for `slot`. A bad row of another slot is skipped and reported; what this slot
 * cannot do without is waited for.
 */
export function configFromRows(rows: ConfigRows, slot: number): ConfigReading {
  const faults: ConfigFault[] = [];
  const waiting = (reason: string): ConfigReading => ({ kind: "waiting", reason, faults });
  const skip = (where: string, detail: string): undefined => {
    faults.push({ where: `CONFIG_DB ${where}`, detail, effect: "the row is skipped" });
    return undefined;
  };

  const place = readPlace(rows.metadata);
  if (typeof place === "string") return waiting(`CONFIG_DB DEVICE_METADATA|localhost: ${place}`);
  const { ipv4, ipv6 } = readLoopback(rows.loopbacks, skip);
  const address = ipv4 ?? ipv6;
  if (address === undefined) return waiting("CONFIG_DB LOOPBACK_INTERFACE|Loopback0|<address>: no address yet");

  const dpus = readDpus(rows.dpus, skip);
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
  for (const [key, row] of rows.remoteDpus) {
    const remote = readRemote(key, row, skip);
    if (remote !== undefined) addPeer(`REMOTE_DPU|${key}`, remote.host, remote.port);
  }

  const path = new ServicePath({ ...place, node: `${place.hostname}-dpu${slot}` });
  const config: SwbusConfig = {
    endpoint,
    routes: [{ path, scope: SCOPE.inCluster }],
    peers: [...peers.values()],
    ...(ipv4 !== undefined && { npuIpv4: ipv4 }),
    ...(ipv6 !== undefined && { npuIpv6: ipv6 }),
  };
  return { kind: "config", config, faults };
}

type Skip = (where: string, detail: string) => undefined;

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
      return `${field} "${value}" cannot be part of a service path (printable ASCII without blanks, slashes${field === "hostname" ? "" : ", dots"})`;
  }
  return {
    region: present(metadata, "region") ?? "",
    cluster: present(metadata, "cluster") ?? "",
    hostname: present(metadata, "hostname") ?? "",
  };
}

function readLoopback(keys: readonly string[], skip: Skip): { ipv4?: string; ipv6?: string } {
  const found: { ipv4?: string; ipv6?: string } = {};
  for (const key of keys) {
    const [name, prefix] = key.split("|");
    if (name !== "Loopback0" || prefix === undefined) continue;
    const address = prefix.split("/")[0] ?? "";
    if (isIpv4(address)) found.ipv4 = address;
    else if (isIpv6(address)) found.ipv6 = address;
    else skip(`LOOPBACK_INTERFACE|${key}`, `"${address}" is not an IP address`);
  }
  return found;
}

interface Dpu {
  readonly key: string;
  readonly port: number;
}

function readDpus(rows: ReadonlyMap<string, Row>, skip: Skip): ReadonlyMap<number, Dpu> {
  const dpus = new Map<number, Dpu>();
  for (const [key, row] of rows) {
    const where = `DPU|${key}`;
    const id = readNumber(row, "dpu_id", 0xffff_ffff, where, skip);
    const port = id === undefined ? undefined : readNumber(row, "swbus_port", 0xffff, where, skip);
    if (id === undefined || port === undefined) continue;
    const other = dpus.get(id);
    if (other !== undefined) skip(where, `dpu_id ${id} is that of DPU|${other.key} already`);
    else dpus.set(id, { key, port });
  }
  return dpus;
}

function readRemote(key: string, row: Row, skip: Skip): { host: string; port: number } | undefined {
  const where = `REMOTE_DPU|${key}`;
  const type = present(row, "type");
  if (type === undefined) return skip(where, "type is missing");
  // Other types are not of this bus.
  if (type !== "cluster") return undefined;
  const id = readNumber(row, "dpu_id", 0xffff_ffff, where, skip);
  const port = id === undefined ? undefined : readNumber(row, "swbus_port", 0xffff, where, skip);
  if (port === undefined) return undefined;
  const ipv4 = present(row, "npu_ipv4");
  const ipv6 = present(row, "npu_ipv6");
  if (ipv4 !== undefined) {
    if (isIpv4(ipv4)) return { host: ipv4, port };
    return skip(where, `npu_ipv4 "${ipv4}" is not an IPv4 address`);
  }
  if (ipv6 === undefined) return skip(where, "neither npu_ipv4 nor npu_ipv6 is there");
  return isIpv6(ipv6) ? { host: ipv6, port } : skip(where, `npu_ipv6 "${ipv6}" is not an IPv6 address`);
}

function readNumber(row: Row, field: string, max: number, where: string, skip: Skip): number | undefined {
  const text = present(row, field);
  if (text === undefined) return skip(where, `${field} is missing`);
  const value = readUint(text, max);
  return value ?? skip(where, `${field} "${text}" is not a number from 0 to ${max}`);
}

/** Absent, empty and the text `none` are the same. */
function present(row: Row, field: string): string | undefined {
  const text = row.get(field);
  return text === undefined || text === "" || text === "none" ? undefined : text;
}
