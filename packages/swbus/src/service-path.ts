/**
 * The address of a node, service or resource: seven parts, of which the first three name the place.
 *
 * Text form: `[region[.cluster[.node]]][/service_type/service_id[/resource_type/resource_id]]`. A node may contain dots,
 * region and cluster cannot. Immutable; the derived strings are computed once, since routing uses them per message.
 */
export class ServicePath {
  readonly region: string;
  readonly cluster: string;
  readonly node: string;
  readonly serviceType: string;
  readonly serviceId: string;
  readonly resourceType: string;
  readonly resourceId: string;
  #key: string | undefined;
  #routeKeys: readonly [string, string, string, string] | undefined;
  #node: ServicePath | undefined;
  #service: ServicePath | undefined;
  #resourceType: ServicePath | undefined;

  constructor(parts: Partial<ServicePathParts>) {
    this.region = parts.region ?? "";
    this.cluster = parts.cluster ?? "";
    this.node = parts.node ?? "";
    this.serviceType = parts.serviceType ?? "";
    this.serviceId = parts.serviceId ?? "";
    this.resourceType = parts.resourceType ?? "";
    this.resourceId = parts.resourceId ?? "";
  }

  /** Equal exactly when all seven parts are equal: for maps and comparison, not for people. */
  get key(): string {
    this.#key ??= `${this.region}\0${this.cluster}\0${this.node}\0${this.serviceType}\0${this.serviceId}\0${this.resourceType}\0${this.resourceId}`;
    return this.#key;
  }

  equals(other: ServicePath): boolean {
    return this === other || this.key === other.key;
  }

  /** `region`. */
  get globalPrefix(): string {
    return this.routeKeys[3];
  }

  /** `region.cluster`, the dot always there. */
  get regionPrefix(): string {
    return this.routeKeys[2];
  }

  /** `region.cluster.node`, both dots always there. */
  get clusterPrefix(): string {
    return this.routeKeys[1];
  }

  /** `region.cluster.node/service_type/service_id`, the slashes always there. */
  get servicePrefix(): string {
    return this.routeKeys[0];
  }

  /** The keys under which a route to this path may stand, most specific first. */
  get routeKeys(): readonly [service: string, cluster: string, region: string, global: string] {
    if (this.#routeKeys === undefined) {
      const region = `${this.region}.${this.cluster}`;
      const cluster = `${region}.${this.node}`;
      this.#routeKeys = [`${cluster}/${this.serviceType}/${this.serviceId}`, cluster, region, this.region];
    }
    return this.#routeKeys;
  }

  /** The swbusd that this path lives behind: the same place, nothing else. */
  get swbusdPath(): ServicePath {
    if (this.isNode) return this;
    this.#node ??= new ServicePath({ region: this.region, cluster: this.cluster, node: this.node });
    return this.#node;
  }

  /** The service that this path lives in, without resource. */
  get servicePath(): ServicePath {
    if (this.resourceType === "" && this.resourceId === "") return this;
    this.#service ??= this.withResource("", "");
    return this.#service;
  }

  /** The same without resource id. */
  get resourceTypePath(): ServicePath {
    if (this.resourceId === "") return this;
    this.#resourceType ??= this.withResource(this.resourceType, "");
    return this.#resourceType;
  }

  /** Whether only the place is given. */
  get isNode(): boolean {
    return this.serviceType === "" && this.serviceId === "" && this.resourceType === "" && this.resourceId === "";
  }

  withResource(resourceType: string, resourceId: string): ServicePath {
    const { region, cluster, node, serviceType, serviceId } = this;
    return new ServicePath({ region, cluster, node, serviceType, serviceId, resourceType, resourceId });
  }

  withService(serviceType: string, serviceId: string): ServicePath {
    const { region, cluster, node } = this;
    return new ServicePath({ region, cluster, node, serviceType, serviceId });
  }

  /**
   * `other` taken relative to this path: from its first part that is not empty on, all its parts count, empty ones too.
   * `r.c.n/a/b/c/d` join `/x/y` is `r.c.n/x/y`.
   */
  join(other: ServicePath): ServicePath {
    const theirs = list(other);
    const first = theirs.findIndex((part) => part !== "");
    if (first === -1) return this;
    return fromList(list(this).map((part, i) => (i < first ? part : (theirs[i] as string))));
  }

  /** Place and parts up to the first gap, for people: `r.c.n/hamgrd/0`. */
  toString(): string {
    const place = upToGap([this.region, this.cluster, this.node]).join(".");
    const rest = upToGap([this.serviceType, this.serviceId, this.resourceType, this.resourceId]);
    return rest.length === 0 ? place : `${place}/${rest.join("/")}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

export interface ServicePathParts {
  readonly region: string;
  readonly cluster: string;
  readonly node: string;
  readonly serviceType: string;
  readonly serviceId: string;
  readonly resourceType: string;
  readonly resourceId: string;
}

/** How far a path reaches, by its parts. Numbers are those of `RouteScope` and `ConnectionType` on the wire. */
export const SCOPE = { client: 0, inNode: 1, inCluster: 2, inRegion: 3, global: 4 } as const;
export type ScopeName = keyof typeof SCOPE;
export type Scope = (typeof SCOPE)[ScopeName];

/** The scope that the parts of a path imply; `inNode` is never implied. */
export function scopeOf(path: ServicePath): Scope {
  if (path.cluster === "") return SCOPE.global;
  if (path.node === "") return SCOPE.inRegion;
  if (path.serviceId === "") return SCOPE.inCluster;
  return SCOPE.client;
}

/**
 * Never fails: what is too much is cut. More than five `/` parts: a resource id with a slash survives on the wire, not
 * in text. More than two dots in the place belong to the node. `checkPath` says what was odd.
 */
export function parseServicePath(text: string): ServicePath {
  const [place = "", serviceType = "", serviceId = "", resourceType = "", resourceId = ""] = text.split("/");
  const firstDot = place.indexOf(".");
  if (firstDot === -1) return new ServicePath({ region: place, serviceType, serviceId, resourceType, resourceId });
  const secondDot = place.indexOf(".", firstDot + 1);
  return new ServicePath({
    region: place.slice(0, firstDot),
    cluster: secondDot === -1 ? place.slice(firstDot + 1) : place.slice(firstDot + 1, secondDot),
    node: secondDot === -1 ? "" : place.slice(secondDot + 1),
    serviceType,
    serviceId,
    resourceType,
    resourceId,
  });
}

/** Every slash, also before empty parts: `r.c.n////`. The form of the stream headers between swbusd. */
export function displayServicePath(path: ServicePath): string {
  const place =
    path.node !== ""
      ? `${path.region}.${path.cluster}.${path.node}`
      : path.cluster !== ""
        ? `${path.region}.${path.cluster}`
        : path.region;
  return `${place}/${path.serviceType}/${path.serviceId}/${path.resourceType}/${path.resourceId}`;
}

/** What `parseServicePath` would silently bend, for places where people write paths; `undefined` when nothing. */
export function checkPath(text: string): string | undefined {
  const slashes = text.split("/");
  if (slashes.length > 5) return `has ${slashes.length - 1} parts after the place, at most 4 are possible`;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code <= 0x20 || code >= 0x7f) return "holds a character outside printable ASCII";
  }
  const { region, cluster, node } = parseServicePath(text);
  if ((region === "" && cluster !== "") || (cluster === "" && node !== ""))
    return "has an empty region or cluster before a later part";
  return undefined;
}

/** Field by field, plain string order. */
export function compareServicePaths(a: ServicePath, b: ServicePath): number {
  return (
    compareText(a.region, b.region) ||
    compareText(a.cluster, b.cluster) ||
    compareText(a.node, b.node) ||
    compareText(a.serviceType, b.serviceType) ||
    compareText(a.serviceId, b.serviceId) ||
    compareText(a.resourceType, b.resourceType) ||
    compareText(a.resourceId, b.resourceId)
  );
}

/** Order of code units, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function list(path: ServicePath): string[] {
  return [path.region, path.cluster, path.node, path.serviceType, path.serviceId, path.resourceType, path.resourceId];
}

function fromList([region, cluster, node, serviceType, serviceId, resourceType, resourceId]: string[]): ServicePath {
  const text = (part: string | undefined): string => part ?? "";
  return new ServicePath({
    region: text(region),
    cluster: text(cluster),
    node: text(node),
    serviceType: text(serviceType),
    serviceId: text(serviceId),
    resourceType: text(resourceType),
    resourceId: text(resourceId),
  });
}

function upToGap(values: readonly string[]): readonly string[] {
  const gap = values.indexOf("");
  return gap === -1 ? values : values.slice(0, gap);
}
