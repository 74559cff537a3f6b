import type { ConnectionType, OwnRoute } from "../connection-info.js";
import { SCOPE, type ServicePath } from "../service-path.js";

/** A swbusd to dial. */
export interface PeerConfig {
  /** `ip:port`, IPv6 in brackets. */
  readonly endpoint: string;
  /** One of the three swbusd types. */
  readonly type: ConnectionType;
}

/** What a swbusd needs to know, wherever it came from. Valid by construction: see `yaml-config` and `db-config`. */
export interface SwbusConfig {
  /** Where to listen. */
  readonly endpoint: string;
  /** At least one of scope inCluster. */
  readonly routes: readonly OwnRoute[];
  /** Endpoints are distinct. */
  readonly peers: readonly PeerConfig[];
  /** The switch's addresses, as hamgrd needs them. */
  readonly npuIpv4?: string;
  readonly npuIpv6?: string;
}

/** One input that was skipped or refused. */
export interface ConfigFault {
  /** File and member, or database and row. */
  readonly where: string;
  /** What is there, and what was expected. */
  readonly detail: string;
  /** What happens now. */
  readonly effect: string;
}

/** One reading of the configuration. */
export type ConfigReading =
  | { readonly kind: "config"; readonly config: SwbusConfig; readonly faults: readonly ConfigFault[] }
  /** Not usable yet; the last good one, if any, stays. */
  | { readonly kind: "waiting"; readonly reason: string; readonly faults: readonly ConfigFault[] };

/** The port that configuration comes through. */
export interface ConfigSource {
  /** Reads now. Never rejects: what cannot be read is a `waiting`. */
  read(): Promise<ConfigReading>;
  /** Calls back whenever reading again may give something new. Returns the unsubscriber. */
  watch(changed: () => void): () => void;
}

/** The node path by which others know this swbusd: its first route of scope inCluster. */
export function nodePath(config: SwbusConfig): ServicePath {
  const route = config.routes.find(({ scope }) => scope === SCOPE.inCluster);
  if (route === undefined) throw new Error("a configuration without a route of scope InCluster");
  return route.path.swbusdPath;
}

/** A configuration that never changes. */
export function fixedConfig(config: SwbusConfig): ConfigSource {
  return {
    read: () => Promise.resolve({ kind: "config", config, faults: [] }),
    watch: () => () => {},
  };
}
