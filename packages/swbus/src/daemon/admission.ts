import { err, ok, type Result } from "@tandem/base";
import type { Metadata, PeerCertificate } from "@tandem/wire";
import { type ConnectionType, isPeerType, parseConnectionType } from "../connection-info.js";
import { describeNames, mayClaim, NAME_PREFIX } from "../security/certificate-names.js";
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

/** Why a stream is not let in. */
export type AdmissionReason =
  | "noPath"
  | "noConnectionType"
  | "badConnectionType"
  | "badPath"
  | "ownPath"
  | "notANode"
  | "notAService"
  | "otherNode"
  /** A local service's or tool's stream that comes from another host. */
  | "otherHost"
  /** The certificate does not name the path that is claimed. */
  | "certificateName";

export interface AdmissionFault {
  readonly reason: AdmissionReason;
  /** What was there and what was expected, for people. */
  readonly detail: string;
}

/** What a swbusd knows about itself and about where a stream comes from. */
export interface Admission {
  readonly self: ServicePath;
  readonly isOwn: (path: ServicePath) => boolean;
  /** The other end is on this host. */
  readonly local: boolean;
  /** With TLS: who the other end proved to be. Without it there is only its word. */
  readonly certificate: PeerCertificate | undefined;
}

/**
 * Whether to let an incoming stream in. The first three refusals have upstream's words. The others close what upstream
 * leaves open: a path that is ours, a service of another node or host, a swbusd that is not a node, a path that the
 * certificate does not name.
 */
export function admit(metadata: Metadata, admission: Admission): Result<Visitor, AdmissionFault> {
  const refuse = (reason: AdmissionReason, detail: string) => err({ reason, detail });
  const text = metadata[PATH_HEADER];
  if (text === undefined) return refuse("noPath", "Client service path not found");
  const typeText = metadata[TYPE_HEADER];
  if (typeText === undefined) return refuse("noConnectionType", "service path scope not set");
  const type = parseConnectionType(typeText);
  if (type === undefined) return refuse("badConnectionType", `Invalid connection_type: ${typeText}`);
  const odd = checkPath(text);
  if (odd !== undefined) return refuse("badPath", `Invalid client service path "${text}": ${odd}`);
  const path = parseServicePath(text);
  const wrong = isPeerType(type) ? peerFault(path, admission) : clientFault(path, admission);
  if (wrong !== undefined) return err(wrong);
  return ok({ path: isPeerType(type) ? path : path.servicePath, type });
}

/** Why a path cannot be that of another swbusd. */
export function peerFault(
  path: ServicePath,
  { isOwn, certificate }: Pick<Admission, "isOwn" | "certificate">,
): AdmissionFault | undefined {
  if (isOwn(path) || isOwn(path.swbusdPath)) return { reason: "ownPath", detail: `${path} is this swbusd's own path` };
  if (!path.isNode || scopeOf(path) !== SCOPE.inCluster)
    return { reason: "notANode", detail: `"${path}" is not a swbusd's path: expected region.cluster.node` };
  return nameFault(path, certificate);
}

function clientFault(path: ServicePath, { self, local, certificate }: Admission): AdmissionFault | undefined {
  if (path.serviceType === "" || path.serviceId === "")
    return {
      reason: "notAService",
      detail: `"${path}" is not a service's path: expected region.cluster.node/service_type/service_id`,
    };
  if (!path.swbusdPath.equals(self))
    return { reason: "otherNode", detail: `${path} is not on this node, which is ${self}` };
  if (!local)
    return { reason: "otherHost", detail: `${path} is a service of this node, but its stream comes from another host` };
  return nameFault(path, certificate);
}

function nameFault(path: ServicePath, certificate: PeerCertificate | undefined): AdmissionFault | undefined {
  if (certificate === undefined || mayClaim(certificate.uris, path)) return undefined;
  const { subject, uris } = certificate;
  return {
    reason: "certificateName",
    detail: `the certificate of ${subject} names ${describeNames(uris)}: expected ${NAME_PREFIX}${path.swbusdPath}`,
  };
}

/** What a stream claims to be, as far as it says, for people. */
export function claimOf(metadata: Metadata): string {
  const path = metadata[PATH_HEADER] ?? "no path";
  const type = metadata[TYPE_HEADER] ?? "no connection type";
  return shortened(`${path} as ${type.replace("CONNECTION_TYPE_", "")}`);
}

/** What others send is shown, not all of it. */
function shortened(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
