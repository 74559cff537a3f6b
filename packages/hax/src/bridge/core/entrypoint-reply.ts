import { err, ok, type Result } from "@tandem/base";
import { type Fid, NULL_FID } from "../../fid.js";
import { EAGAIN, type EntrypointReply } from "../../link/ha-link.js";
import { decimalKey, nodeName, processFid, serviceFid } from "./conf-tree.js";

/** A confd as Consul's catalog lists it. */
export interface ConfdEntry {
  readonly node: string;
  /** The decimal key of its process fid. */
  readonly serviceId: string;
  readonly address: string;
  readonly port: number;
  readonly transport: string | undefined;
}

/** What a reply is made of; each part was read after the request came. */
export interface EntrypointFacts {
  /** Node of the session that holds `leader`. */
  readonly leaderNode: string;
  readonly confds: readonly ConfdEntry[];
  /** Decimal key of the rms service beside that node's confd: `m0conf/nodes/<node>/processes/<id>/services/rms`. */
  readonly rmsKey: string | undefined;
}

/** The reply of a hax that cannot say: the process asks again. */
export const AGAIN: EntrypointReply = { rc: EAGAIN, confds: [], quorum: 0, rmFid: NULL_FID, rmEndpoint: null };

/** The reply of a hax that stops: nothing to wait for. */
export const STOPPING: EntrypointReply = { rc: 0, confds: [], quorum: 0, rmFid: NULL_FID, rmEndpoint: null };

/** The confd beside which the principal RM runs. */
export function confdOfLeader(confds: readonly ConfdEntry[], leaderNode: string): ConfdEntry | undefined {
  return confds.find(({ node }) => nodeName(node) === nodeName(leaderNode));
}

/** `address@port`, or `address:port` on LNet. */
export function endpointOf({ address, port, transport }: ConfdEntry): string {
  return transport === "lnet" ? `${address}:${port}` : `${address}@${port}`;
}

/** More than half of the confds. */
export function quorumOf(confds: number): number {
  return confds === 0 ? 0 : Math.floor(confds / 2) + 1;
}

/** The reply, confds in catalog order; or why there is none yet. */
export function entrypointReply({ leaderNode, confds, rmsKey }: EntrypointFacts): Result<EntrypointReply, string> {
  const listed: { fid: Fid; endpoint: string }[] = [];
  for (const confd of confds) {
    const fid = confdFid(confd.serviceId);
    if (fid === undefined)
      return err(`confd of node ${confd.node}: service id ${confd.serviceId} is no decimal fid key`);
    listed.push({ fid, endpoint: endpointOf(confd) });
  }
  const principal = confdOfLeader(confds, leaderNode);
  if (principal === undefined) return err(`the catalog has no confd on ${leaderNode}, the leader's node`);
  const rms = rmsKey === undefined ? undefined : decimalKey(rmsKey);
  if (rms === undefined) return err(`no rms service beside confd ${principal.serviceId} of ${leaderNode}`);
  return ok({
    ...{ rc: 0, confds: listed, quorum: quorumOf(listed.length) },
    ...{ rmFid: serviceFid(rms), rmEndpoint: endpointOf(principal) },
  });
}

function confdFid(serviceId: string): Fid | undefined {
  const key = decimalKey(serviceId);
  return key === undefined ? undefined : processFid(key);
}
