import { ok, type Result } from "@tandem/base";
import type { ConsulApi, ConsulFailure } from "./consul-api.js";

/** The check that Consul itself keeps of a node. */
const NODE_CHECK = "serfHealth";

/**
 * What a leadership of `node` depends on: Consul's check of the node, those of its confd and those of its hax. Nothing
 * where the node has no confd, since the principal RM is the one beside it, or where one of the checks is critical: Consul
 * would refuse the session.
 */
export async function checksOfCandidate(
  consul: ConsulApi,
  node: string,
  signal: AbortSignal,
): Promise<Result<readonly string[] | undefined, ConsulFailure>> {
  const [confds, haxes, checks] = await Promise.all([
    consul.catalogService("confd", { signal }),
    consul.catalogService("hax", { signal }),
    consul.nodeChecks(node, { signal }),
  ]);
  if (!confds.ok) return confds;
  if (!haxes.ok) return haxes;
  if (!checks.ok) return checks;
  const own = (services: typeof confds.value.value) => services.filter((service) => service.node === node);
  const confd = own(confds.value.value);
  if (confd.length === 0) return ok(undefined);
  const ids = new Set([...confd, ...own(haxes.value.value)].map(({ serviceId }) => serviceId));
  const needed = checks.value.value.filter(({ checkId, serviceId }) => checkId === NODE_CHECK || ids.has(serviceId));
  const critical = needed.some(({ status }) => status === "critical");
  return ok(critical ? undefined : needed.map(({ checkId }) => checkId));
}
