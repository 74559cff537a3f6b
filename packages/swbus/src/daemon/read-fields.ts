import { isIP } from "node:net";
import { err, ok, type Result } from "@tandem/base";
import type { ConnectionType } from "../connection-info.js";
import { checkPath, parseServicePath, SCOPE, type Scope, type ServicePath } from "../service-path.js";

/** A decimal number from 0 to `max`, without sign or leading blanks. */
export function readUint(text: string, max: number): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

export function isIpv4(text: string): boolean {
  return isIP(text) === 4;
}

export function isIpv6(text: string): boolean {
  return isIP(text) === 6;
}

const SCOPE_WORDS: Readonly<Record<string, ConnectionType>> = {
  Client: "client",
  InNode: "inNode",
  InCluster: "inCluster",
  InRegion: "inRegion",
  Global: "global",
};

/** The words of the YAML file: `InCluster`. */
export function readScopeWord(text: unknown): ConnectionType | undefined {
  return typeof text === "string" && Object.hasOwn(SCOPE_WORDS, text) ? SCOPE_WORDS[text] : undefined;
}

export const SCOPE_WORD_LIST = Object.keys(SCOPE_WORDS).join(", ");

/** A path of our own for a route of that scope: only the parts that the scope compares must be there. */
export function readOwnPath(text: string, scope: Scope): Result<ServicePath, string> {
  const odd = checkPath(text);
  if (odd !== undefined) return err(`"${text}" ${odd}`);
  const path = parseServicePath(text);
  if (path.region === "") return err(`"${text}" names no region`);
  if (scope === SCOPE.inRegion && path.cluster === "") return err(`"${text}" names no cluster`);
  if (scope === SCOPE.inCluster && (path.node === "" || !path.isNode))
    return err(`"${text}" is not a node: expected region.cluster.node`);
  return ok(path);
}
