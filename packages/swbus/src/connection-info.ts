import type { Scope, ScopeName, ServicePath } from "./service-path.js";

/** `swbs-to://ip:port` when dialed, `swbs-from://ip:port` when accepted; an IPv6 address without brackets. */
export type ConnectionId = string;

/** `client`: a short-lived tool here; `inNode`: a service here; the others: a swbusd of that reach. */
export type ConnectionType = ScopeName;

/** One live stream to somebody, as routing sees it. */
export interface Connection {
  readonly id: ConnectionId;
  readonly type: ConnectionType;
  /** Who is there: a node for a swbusd, node and service for a local client. */
  readonly remote: ServicePath;
  /** The other end's `ip:port`, IPv6 in brackets. */
  readonly address: string;
}

export function connectionId(mode: "dialed" | "accepted", address: string): ConnectionId {
  return `${mode === "dialed" ? "swbs-to" : "swbs-from"}://${address.replace(/^\[(.*)\]/, "$1")}`;
}

/** Whether this connection leads to another swbusd, which takes part in route exchange. */
export function isPeerType(type: ConnectionType): boolean {
  return type !== "client" && type !== "inNode";
}

const WIRE_NAMES: Readonly<Record<ConnectionType, string>> = {
  client: "CONNECTION_TYPE_CLIENT",
  inNode: "CONNECTION_TYPE_IN_NODE",
  inCluster: "CONNECTION_TYPE_IN_CLUSTER",
  inRegion: "CONNECTION_TYPE_IN_REGION",
  global: "CONNECTION_TYPE_GLOBAL",
};

/** The value of the `x-swbus-connection-type` header. */
export function formatConnectionType(type: ConnectionType): string {
  return WIRE_NAMES[type];
}

export function parseConnectionType(text: string): ConnectionType | undefined {
  return (Object.keys(WIRE_NAMES) as ConnectionType[]).find((type) => WIRE_NAMES[type] === text);
}

/** A route of this swbusd's own configuration. */
export interface OwnRoute {
  readonly path: ServicePath;
  readonly scope: Scope;
}

/** One destination in a route announcement. */
export interface AnnouncedRoute {
  readonly path: ServicePath;
  readonly scope: Scope;
  /** The announcer's own distance. */
  readonly hops: number;
}
