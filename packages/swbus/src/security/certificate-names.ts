import { checkPath, parseServicePath, SCOPE, type ServicePath, scopeOf } from "../service-path.js";

/** Before a service path in a certificate's name of type URI: `swbus:/region.cluster.node`. */
export const NAME_PREFIX = "swbus:/";

/**
 * What a certificate's URI names let its holder claim: `swbus:/r.c.n` the swbusd of that node and every service on it,
 * `swbus:/r.c.n/hamgrd` services of that type there, `swbus:/r.c.n/hamgrd/0` that one service. Names of other kinds are
 * none of ours; one that is not a node or a service is worth nothing.
 */
export function namedPaths(uris: readonly string[]): readonly ServicePath[] {
  return uris.flatMap((uri) => {
    if (!uri.startsWith(NAME_PREFIX)) return [];
    const text = uri.slice(NAME_PREFIX.length);
    const path = parseServicePath(text);
    const usable = checkPath(text) === undefined && path.node !== "" && path.resourceType === "";
    return usable && (path.serviceId === "" || path.serviceType !== "") ? [path] : [];
  });
}

/** Whether a holder of these URI names may be at `path`, a node's or a service's. */
export function mayClaim(uris: readonly string[], path: ServicePath): boolean {
  return namedPaths(uris).some((name) => covers(name, path));
}

function covers(name: ServicePath, path: ServicePath): boolean {
  if (!name.swbusdPath.equals(path.swbusdPath)) return false;
  if (name.serviceType === "") return true;
  if (path.isNode && scopeOf(path) === SCOPE.inCluster) return false;
  return name.serviceType === path.serviceType && (name.serviceId === "" || name.serviceId === path.serviceId);
}

/** The names for people: what the certificate proves, on the bus or at all. */
export function describeNames(uris: readonly string[]): string {
  return uris.length === 0 ? "no URI name" : uris.join(", ");
}
