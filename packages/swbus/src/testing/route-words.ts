import { type Millis, millis } from "@tandem/base";
import {
  type AnnouncedRoute,
  type Connection,
  type ConnectionType,
  connectionId,
  type OwnRoute,
} from "../connection-info.js";
import type { RouteTable } from "../route-table.js";
import { parseServicePath, SCOPE, type ScopeName, scopeOf } from "../service-path.js";

/** `own("r.c.n")`: a route of our own, with the scope that its parts imply. */
export function own(text: string): OwnRoute {
  const path = parseServicePath(text);
  return { path, scope: scopeOf(path) };
}

/** `announced("r.c.n", 1)`: a route of a peer's, with the scope that its parts imply unless told. */
export function announced(text: string, hops: number, scope?: ScopeName): AnnouncedRoute {
  const path = parseServicePath(text);
  return { path, scope: scope === undefined ? scopeOf(path) : SCOPE[scope], hops };
}

/** `connection("to", "r.c.n", "10.0.0.2:1")`: a stream that stands. */
export function connection(
  mode: "to" | "from",
  remote: string,
  address: string,
  type: ConnectionType = "inCluster",
): Connection {
  const id = connectionId(mode === "to" ? "dialed" : "accepted", address);
  return { id, type, remote: parseServicePath(remote), address };
}

/** What a connection would be told, as `path scope/hops`. */
export function exported(table: RouteTable, target: Connection): string[] {
  return table.exportRoutes(target).map(({ path, scope, hops }) => `${path} ${scope}/${hops}`);
}

/** The ways to a path, as `hops id`. */
export function waysTo(table: RouteTable, text: string): string[] {
  return table
    .ways(parseServicePath(text))
    .map((way) => (way.kind === "local" ? "local" : `${way.hops} ${way.connection.id}`));
}

export const T0: Millis = millis(0);
