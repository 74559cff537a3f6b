import { err, ok, type Result } from "@tandem/base";
import type { Metadata } from "@tandem/wire";
import { type ConnectionType, isPeerType, parseConnectionType } from "../connection-info.js";
import { checkPath, parseServicePath, SCOPE, type ServicePath, scopeOf } from "../service-path.js";

export const METHOD = "/swbus.SwbusService/StreamMessages";
export const PATH_HEADER = "x-swbus-service-path";
export const TYPE_HEADER = "x-swbus-connection-type";
export const SERVER_PATH_HEADER = "x-swbus-server-service-path";

/** Who a stream's headers say it is, once that is believable. */
export interface Visitor {
  readonly path: ServicePath;
  readonly type: ConnectionType;
}

/**
 * Whether to let an incoming stream in. The first three refusals have upstream's words. The others close what upstream
 * leaves open: a path that is ours, a service of another node, a swbusd that is not a node.
 */
export function admit(
  metadata: Metadata,
  self: ServicePath,
  isOwn: (path: ServicePath) => boolean,
): Result<Visitor, string> {
  const text = metadata[PATH_HEADER];
  if (text === undefined) return err("Client service path not found");
  const typeText = metadata[TYPE_HEADER];
  if (typeText === undefined) return err("service path scope not set");
  const type = parseConnectionType(typeText);
  if (type === undefined) return err(`Invalid connection_type: ${typeText}`);
  const odd = checkPath(text);
  if (odd !== undefined) return err(`Invalid client service path "${text}": ${odd}`);
  const path = parseServicePath(text);
  const wrong = isPeerType(type) ? peerFault(path, isOwn) : clientFault(path, self);
  return wrong === undefined ? ok({ path: isPeerType(type) ? path : path.servicePath, type }) : err(wrong);
}

/** Why a path cannot be that of another swbusd. */
export function peerFault(path: ServicePath, isOwn: (path: ServicePath) => boolean): string | undefined {
  if (isOwn(path) || isOwn(path.swbusdPath)) return `${path} is this swbusd's own path`;
  if (!path.isNode || scopeOf(path) !== SCOPE.inCluster)
    return `"${path}" is not a swbusd's path: expected region.cluster.node`;
  return undefined;
}

function clientFault(path: ServicePath, self: ServicePath): string | undefined {
  if (path.serviceType === "" || path.serviceId === "")
    return `"${path}" is not a service's path: expected region.cluster.node/service_type/service_id`;
  if (!path.swbusdPath.equals(self)) return `${path} is not on this node, which is ${self}`;
  return undefined;
}
