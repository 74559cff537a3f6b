import { DATABASES_DEFAULT, type DatabaseName } from "@tandem/swss";
import type { SwitchPlace } from "../topology.js";

/** One Redis server of the cluster: one per switch, one per DPU. */
export interface RedisPlace {
  /** `sw0`, or `sw0_dpu1` for a DPU's. */
  readonly name: string;
  readonly socket: string;
  /** Folder of its append-only file: what was acknowledged survives a kill. */
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly databases: readonly DatabaseName[];
}

const ALL = Object.keys(DATABASES_DEFAULT) as DatabaseName[];
const DPU_DATABASES = ALL.filter((name) => name.startsWith("DPU_"));
const NPU_DATABASES = ALL.filter((name) => !name.startsWith("DPU_"));

/** The servers of one switch, the switch's own first. `folder` holds their sockets. */
export function redisPlaces(sw: SwitchPlace, folder: string): RedisPlace[] {
  return [
    {
      name: sw.name,
      socket: `${folder}/${sw.name}/redis.sock`,
      data: `${folder}/${sw.name}/redis`,
      host: sw.npu,
      port: sw.redisPort,
      databases: NPU_DATABASES,
    },
    ...sw.dpus.map(
      (dpu): RedisPlace => ({
        name: dpu.name,
        socket: `${folder}/${sw.name}/dpu${dpu.slot}.sock`,
        data: `${folder}/${sw.name}/dpu${dpu.slot}`,
        host: sw.npu,
        port: dpu.redisPort,
        databases: DPU_DATABASES,
      }),
    ),
  ];
}

/** A `database_config.json` for one server, as sonic-buildimage renders it. */
export function databaseConfig(place: RedisPlace): string {
  const databases = Object.fromEntries(
    place.databases.map((name) => [name, { ...DATABASES_DEFAULT[name], instance: "redis" }]),
  );
  const instance = { hostname: place.host, port: place.port, unix_socket_path: place.socket };
  return `${JSON.stringify({ INSTANCES: { redis: instance }, DATABASES: databases, VERSION: "1.0" }, null, 2)}\n`;
}

/** File name, below the switch's folder, of a server's config. */
export function configFileName(sw: SwitchPlace, place: RedisPlace): string {
  return place.name === sw.name ? "database_config.json" : `${containerOf(sw, place)}_config.json`;
}

/** Every config file of one switch, by name below its folder; `database_global.json` names the others. */
export function databaseFiles(sw: SwitchPlace, folder: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  const includes = redisPlaces(sw, folder).map((place) => {
    const include = configFileName(sw, place);
    files.set(include, databaseConfig(place));
    const container = containerOf(sw, place);
    return container === "" ? { include } : { container_name: container, include };
  });
  files.set("database_global.json", `${JSON.stringify({ INCLUDES: includes, VERSION: "1.0" }, null, 2)}\n`);
  return files;
}

/** `dpuN`, or empty for the switch's own. */
function containerOf(sw: SwitchPlace, place: RedisPlace): string {
  const dpu = sw.dpus.find((candidate) => candidate.name === place.name);
  return dpu === undefined ? "" : `dpu${dpu.slot}`;
}
