import { create, fromBinary } from "@bufbuild/protobuf";
import type { AnnouncedRoute } from "./connection-info.js";
import { RouteEntriesSchema, type RouteEntry, RouteEntrySchema } from "./gen/swbus_pb.js";
import type { RouteLine } from "./route-line.js";
import type { Scope } from "./service-path.js";
import { pathFromMessage, pathToMessage } from "./wire-path.js";

export function lineToEntry(line: RouteLine): RouteEntry {
  return create(RouteEntrySchema, {
    servicePath: pathToMessage(line.path),
    nhId: line.nextHopId,
    nhServicePath: pathToMessage(line.nextHop),
    routeScope: line.scope as number,
    hopCount: line.hops,
  });
}

/** A line of an answer to GET_ROUTES; `undefined` when it lacks a path. */
export function lineFromEntry(entry: RouteEntry): RouteLine | undefined {
  if (entry.servicePath === undefined || entry.nhServicePath === undefined) return undefined;
  return {
    path: pathFromMessage(entry.servicePath),
    scope: entry.routeScope as number as Scope,
    hops: entry.hopCount,
    nextHopId: entry.nhId,
    nextHop: pathFromMessage(entry.nhServicePath),
  };
}

export function routeToEntry(route: AnnouncedRoute): RouteEntry {
  return create(RouteEntrySchema, {
    servicePath: pathToMessage(route.path),
    routeScope: route.scope as number,
    hopCount: route.hops,
  });
}

/** The routes of an announcement, and how many entries named no path. `content` has been checked to be decodable. */
export function decodeAnnouncement(content: Uint8Array): { routes: AnnouncedRoute[]; withoutPath: number } {
  const { entries } = fromBinary(RouteEntriesSchema, content);
  const routes = entries.flatMap(({ servicePath, routeScope, hopCount }): AnnouncedRoute[] =>
    servicePath === undefined
      ? []
      : [{ path: pathFromMessage(servicePath), scope: routeScope as number as Scope, hops: hopCount }],
  );
  return { routes, withoutPath: entries.length - routes.length };
}
