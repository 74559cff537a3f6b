/** A hash as Redis holds it. */
export type Fields = Readonly<Record<string, string>>;

/** BFD sessions that orchagent was told of and those that answer. Keys as in BFD_SESSION_TABLE. Immutable. */
export interface BfdResponders {
  /** Parameters kept for the next time that the scope serves. */
  readonly cache: ReadonlyMap<string, Fields>;
  /** Sessions that exist: these answer. */
  readonly live: ReadonlyMap<string, Fields>;
}

/** What decides about sessions besides the rows themselves. */
export interface BfdSituation {
  readonly eniScopeSet: boolean;
  readonly dpuScopeSet: boolean;
  /** Some scope is active, standby or standalone. */
  readonly serving: boolean;
}

/** A change of BFD_SOFTWARE_SESSION_TABLE. */
export type BfdEffect =
  | { readonly kind: "created"; readonly key: string; readonly fields: Fields }
  | { readonly kind: "removed"; readonly key: string };

export interface BfdStep {
  readonly bfd: BfdResponders;
  readonly effects: readonly BfdEffect[];
}

export const NO_RESPONDERS: BfdResponders = { cache: new Map(), live: new Map() };

/** BFD_SESSION_TABLE SET: with an ENI-scope set a session at once, otherwise cached until a scope serves. */
export function setSession(bfd: BfdResponders, key: string, fields: Fields, situation: BfdSituation): BfdStep {
  if (situation.eniScopeSet) return create(bfd, [[key, fields]]);
  const cached = { ...bfd, cache: new Map(bfd.cache).set(key, fields) };
  return situation.dpuScopeSet && situation.serving ? create(cached, [[key, fields]]) : { bfd: cached, effects: [] };
}

/** BFD_SESSION_TABLE DEL: session and cache entry go. */
export function deleteSession(bfd: BfdResponders, key: string): BfdStep {
  const cache = new Map(bfd.cache);
  cache.delete(key);
  const live = new Map(bfd.live);
  const existed = live.delete(key);
  return { bfd: { cache, live }, effects: existed ? [{ kind: "removed", key }] : [] };
}

/** A scope starts to serve: every cached session is created, those that live already again. */
export function restoreSessions(bfd: BfdResponders): BfdStep {
  return create(bfd, [...bfd.cache]);
}

/** A scope stops serving: no session answers, the cache stays for the next time. */
export function removeSessions(bfd: BfdResponders): BfdStep {
  return {
    bfd: { cache: bfd.cache, live: new Map() },
    effects: [...bfd.live.keys()].map((key) => ({ kind: "removed", key })),
  };
}

/** Address of the NPU that a session answers: the key's third part, whole when it is IPv6. */
export function sessionPeer(key: string): string {
  return key.split(":").slice(2).join(":");
}

/** The sessions that answer, by address of their NPU. */
export function respondersOf({ live }: BfdResponders): ReadonlyMap<string, Fields> {
  const known = BY_PEER.get(live);
  if (known !== undefined) return known;
  const byPeer = new Map([...live].map(([key, fields]) => [sessionPeer(key), fields]));
  BY_PEER.set(live, byPeer);
  return byPeer;
}

/** They are asked for far more often than they change. */
const BY_PEER = new WeakMap<BfdResponders["live"], ReadonlyMap<string, Fields>>();

/** Key of a session in BFD_SOFTWARE_SESSION_TABLE: the first two `:` become `|`. */
export function softwareSessionKey(key: string): string {
  const [vrf = "", ifname = "", ...rest] = key.split(":");
  return `${vrf}|${ifname}|${rest.join(":")}`;
}

function create(bfd: BfdResponders, sessions: readonly (readonly [string, Fields])[]): BfdStep {
  const live = new Map(bfd.live);
  const effects: BfdEffect[] = [];
  for (const [key, fields] of sessions) {
    const type = fields["type"] === "async_active" ? "active" : "passive";
    const session = { ...fields, type };
    live.set(key, session);
    effects.push({ kind: "created", key, fields: session });
  }
  return { bfd: { cache: bfd.cache, live }, effects };
}
