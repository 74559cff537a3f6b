import type { Json } from "@tandem/base";
import { type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import type { Fields } from "@tandem/swss";
import type { ExactJson } from "./exact-json.js";

/** A path as member of a dump: all seven parts. */
export function dumpPath(path: ServicePath): ExactJson {
  return {
    region_id: path.region,
    cluster_id: path.cluster,
    node_id: path.node,
    service_type: path.serviceType,
    service_id: path.serviceId,
    resource_type: path.resourceType,
    resource_id: path.resourceId,
  };
}

/** Unix seconds of a wall-clock time. */
export function dumpSeconds(at: number): number {
  return Math.floor(at / 1000);
}

/** `NO_ROUTE` → `NoRoute`: the names that dumps use. */
export function codeName(code: SwbusErrorCode): string {
  const name: string = SwbusErrorCode[code] ?? "UNKNOWN_ERROR";
  return name
    .toLowerCase()
    .split("_")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

export interface IncomingDump {
  readonly key: string;
  readonly data: Json;
  readonly source: ServicePath;
  readonly requestId: bigint;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** "" until handled, then `Ok` or an error. */
  readonly response: string;
}

export function dumpIncoming(entry: IncomingDump): ExactJson {
  return {
    msg: { key: entry.key, data: entry.data as ExactJson },
    source: dumpPath(entry.source),
    request_id: entry.requestId,
    version: entry.version,
    created_time: dumpSeconds(entry.createdAt),
    last_updated_time: dumpSeconds(entry.updatedAt),
    response: entry.response,
    acked: entry.response === "Ok",
  };
}

export interface InternalDump {
  readonly table: string;
  readonly key: string;
  readonly fields: Fields;
  /** The committed fields. */
  readonly backup: Fields;
  readonly mutated: boolean;
  readonly toDelete: boolean;
  readonly updatedAt: number | undefined;
}

export function dumpInternal(entry: InternalDump): ExactJson {
  return {
    swss_table_name: entry.table,
    swss_key: entry.key,
    fvs: entry.fields,
    mutated: entry.mutated,
    to_delete: entry.toDelete,
    backup_fvs: entry.backup,
    last_updated_time: entry.updatedAt === undefined ? null : dumpSeconds(entry.updatedAt),
  };
}

export interface SentDump {
  readonly key: string;
  readonly data: Json;
  readonly id: bigint;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly sentAt: number;
  readonly version: number;
  readonly acked: boolean;
  readonly response: string | undefined;
  readonly responseSource: ServicePath | undefined;
}

export function dumpSent(entry: SentDump): ExactJson {
  return {
    msg: { key: entry.key, data: entry.data as ExactJson },
    id: entry.id,
    created_time: dumpSeconds(entry.createdAt),
    last_updated_time: dumpSeconds(entry.updatedAt),
    last_sent_time: dumpSeconds(entry.sentAt),
    version: entry.version,
    acked: entry.acked,
    response: entry.response ?? null,
    response_source: entry.responseSource === undefined ? null : dumpPath(entry.responseSource),
  };
}

export interface QueuedDump {
  readonly key: string;
  readonly data: Json;
  readonly source: ServicePath;
  readonly destination: ServicePath;
  /** Wall-clock time at which it goes out. */
  readonly dueAt: number;
}

/** A message that waits for its time. Inside the bus message, paths are text and the id is absent. */
export function dumpQueued(entry: QueuedDump): ExactJson {
  const actorMessage = { key: entry.key, data: entry.data as ExactJson };
  const header = {
    version: 1,
    flag: 0,
    ttl: 64,
    source: entry.source.toString(),
    destination: entry.destination.toString(),
  };
  const payload = [...Buffer.from(JSON.stringify(actorMessage), "utf8")];
  return {
    actor_message: actorMessage,
    swbus_message: { header, body: { DataRequest: { payload } } },
    time_sent: {
      secs_since_epoch: Math.floor(entry.dueAt / 1000),
      nanos_since_epoch: Math.floor(entry.dueAt % 1000) * 1_000_000,
    },
  };
}
