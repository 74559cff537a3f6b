import { create } from "@bufbuild/protobuf";
import { type RouteEntry, RouteEntrySchema } from "./gen/swbus_pb.js";
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
