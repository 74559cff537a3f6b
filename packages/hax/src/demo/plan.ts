import { type Fid, formatFid, typedFid } from "../fid.js";

/** A Motr process of the demo; node and keys are those of a small cluster's configuration. */
export interface DemoProcess {
  /** `b1.ios1` */
  readonly name: string;
  readonly node: string;
  /** What it serves, which is its name in Consul's catalog. */
  readonly service: "confd" | "ios";
  readonly fid: Fid;
  readonly fidText: string;
  readonly host: string;
  readonly port: number;
}

export interface DemoNode {
  readonly name: string;
  readonly address: string;
  /** Decimal key of hax's own process, its id in Consul's catalog. */
  readonly haxId: string;
  readonly processes: readonly DemoProcess[];
}

const NODE_KEYS = 0x40n;
const HAX_KEY = 0x6n;
/** Key of the process; its rms has the next one, its main service the one after. */
const PROCESSES = [
  { name: "confd", service: "confd", key: 0x9n, port: 21002 },
  { name: "ios1", service: "ios", key: 0x10n, port: 21003 },
  { name: "ios2", service: "ios", key: 0x20n, port: 21004 },
] as const;

/** Three nodes of three Motr processes each. */
export const NODES: readonly DemoNode[] = [1n, 2n, 3n].map((number) => {
  const name = `b${number}`;
  const base = (number - 1n) * NODE_KEYS;
  const address = `10.9.8.2${number}`;
  const processes = PROCESSES.map((each): DemoProcess => {
    const fid = typedFid("r", 1n, base + each.key);
    const host = `inet:tcp:${address}`;
    return {
      ...{ name: `${name}.${each.name}`, node: name, service: each.service, fid, fidText: formatFid(fid) },
      ...{ host, port: each.port },
    };
  });
  return { name, address, haxId: String(base + HAX_KEY), processes };
});

export const PROCESSES_OF_ALL: readonly DemoProcess[] = NODES.flatMap(({ processes }) => processes);

export const endpointOf = ({ host, port }: DemoProcess): string => `${host}@${port}`;

/** The rms beside a node's confd. */
export function rmOf(node: string): string {
  const [confd] = NODES.find(({ name }) => name === node)?.processes ?? [];
  return confd === undefined ? "" : formatFid(typedFid("s", 1n, confd.fid.key + 1n));
}

/** What a provisioner puts into Consul's store before anything runs. */
export function seedKeys(): readonly (readonly [key: string, value: string])[] {
  return NODES.flatMap(({ name, address, haxId, processes }) => {
    const root = `m0conf/nodes/${name}/processes`;
    const hax = BigInt(haxId);
    return [
      [`${root}/${haxId}/services/ha`, String(hax + 1n)],
      [`${root}/${haxId}/services/rms`, String(hax + 2n)],
      [`${root}/${haxId}/endpoint`, `inet:tcp:${address}@22001`],
      ...processes.flatMap((process) => [
        [`${root}/${process.fid.key}/services/rms`, String(process.fid.key + 1n)] as const,
        [`${root}/${process.fid.key}/services/${process.service}`, String(process.fid.key + 2n)] as const,
        [`${root}/${process.fid.key}/endpoint`, endpointOf(process)] as const,
      ]),
    ] as const;
  });
}

/** Services as they are registered with the agent of their node; none passes its check yet. */
export function registrations(node: DemoNode): readonly object[] {
  const registration = (id: string, name: string, address: string, port: number) => ({
    ...{ ID: id, Name: name, Address: address, Port: port, Meta: { transport_type: "libfab" } },
    // Somebody says how it is; an agent that was away for a while shall not say otherwise by itself.
    Check: { CheckID: `service:${id}`, Name: `Service '${name}' check`, TTL: "24h", Status: "warning" },
  });
  return [
    registration(node.haxId, "hax", `inet:tcp:${node.address}`, 22001),
    ...node.processes.map(({ fid, service, host, port }) => registration(String(fid.key), service, host, port)),
  ];
}

/** Watches of a node's agent, as its configuration file holds them: they post to the hax of the node. */
export function agentWatches(hax: URL): object {
  const handler = (path: string) => ({
    handler_type: "http",
    http_handler_config: { path: new URL(path, hax).href, method: "POST", timeout: "10s" },
  });
  return {
    watches: [
      ...["ios", "confd", "hax"].map((service) => ({ type: "service", service, ...handler("/") })),
      { type: "keyprefix", prefix: "bq/", ...handler("/watcher/bq") },
    ],
  };
}
