import type { SavedState } from "./saved-state.js";

export type CheckStatus = "passing" | "warning" | "critical";

/** A check of a node, or of one of its instances. */
export interface Check {
  readonly node: string;
  readonly checkId: string;
  readonly name: string;
  readonly status: CheckStatus;
  readonly output: string;
  /** Empty for a check of the node. */
  readonly serviceId: string;
  readonly serviceName: string;
}

/** One instance of a service. */
export interface Instance {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  /** Empty: the node's. */
  readonly address: string;
  readonly port: number;
  readonly meta: Readonly<Record<string, string>>;
}

/** The id of the check that Consul itself keeps of each node. */
export const NODE_CHECK = "serfHealth";

/** Nodes, instances and checks, with the index at which each service and each node last changed. */
export class Catalog {
  readonly #nodes = new Map<string, string>();
  readonly #instances = new Map<string, Instance>();
  readonly #checks = new Map<string, Check>();
  readonly #changed = new Map<string, number>();

  save(): Pick<SavedState, "nodes" | "instances" | "checks" | "changed"> {
    const [instances, checks] = [[...this.#instances.values()], [...this.#checks.values()]];
    return { nodes: [...this.#nodes], instances, checks, changed: [...this.#changed] };
  }

  restore({ nodes, instances, checks, changed }: Pick<SavedState, "nodes" | "instances" | "checks" | "changed">): void {
    for (const [node, address] of nodes) this.#nodes.set(node, address);
    for (const instance of instances) this.#instances.set(keyOf(instance.node, instance.id), instance);
    for (const check of checks) this.#checks.set(keyOf(check.node, check.checkId), check);
    for (const [subject, at] of changed) this.#changed.set(subject, at);
  }

  hasNode(node: string): boolean {
    return this.#nodes.has(node);
  }

  nodes(): readonly { readonly node: string; readonly address: string }[] {
    return [...this.#nodes].map(([node, address]) => ({ node, address })).sort((a, b) => (a.node < b.node ? -1 : 1));
  }

  addressOf(node: string): string {
    return this.#nodes.get(node) ?? "";
  }

  /** In order of node, then of id. */
  instancesOf(service: string): readonly Instance[] {
    const order = ({ node, id }: Instance): string => `${node}\0${id}`;
    return [...this.#instances.values()]
      .filter(({ name }) => name === service)
      .sort((a, b) => (order(a) < order(b) ? -1 : 1));
  }

  services(): readonly string[] {
    return [...new Set([...this.#instances.values()].map(({ name }) => name))].sort();
  }

  check(node: string, checkId: string): Check | undefined {
    return this.#checks.get(keyOf(node, checkId));
  }

  /** Of a node and of all its instances. */
  checksOf(node: string): readonly Check[] {
    return [...this.#checks.values()].filter((check) => check.node === node);
  }

  /** The index of the last change of a service's instances, or of a node's checks; 0: none yet. */
  indexOf(kind: "service" | "node" | "all", name = ""): number {
    return this.#changed.get(`${kind}\0${name}`) ?? 0;
  }

  putNode(node: string, address: string, index: number): void {
    this.#nodes.set(node, address);
    if (this.check(node, NODE_CHECK) === undefined)
      this.#checks.set(keyOf(node, NODE_CHECK), {
        ...{ node, checkId: NODE_CHECK, name: "Serf Health Status", status: "passing" },
        ...{ output: "Agent alive and reachable", serviceId: "", serviceName: "" },
      });
    this.#touch(node, undefined, index);
  }

  putInstance(instance: Instance, check: Check | undefined, index: number): void {
    this.#instances.set(keyOf(instance.node, instance.id), instance);
    if (check !== undefined) this.#checks.set(keyOf(check.node, check.checkId), check);
    this.#touch(instance.node, instance.name, index);
  }

  dropInstance(node: string, id: string, index: number): void {
    const instance = this.#instances.get(keyOf(node, id));
    if (instance === undefined) return;
    this.#instances.delete(keyOf(node, id));
    for (const check of this.checksOf(node))
      if (check.serviceId === id) this.#checks.delete(keyOf(node, check.checkId));
    this.#touch(node, instance.name, index);
  }

  setCheck(check: Check, status: CheckStatus, output: string, index: number): void {
    this.#checks.set(keyOf(check.node, check.checkId), { ...check, status, output });
    this.#touch(check.node, check.serviceId === "" ? undefined : check.serviceName, index);
  }

  renumber(next: () => number): void {
    for (const subject of this.#changed.keys()) this.#changed.set(subject, next());
  }

  /** A change of the node itself is one of every service that it has. */
  #touch(node: string, service: string | undefined, index: number): void {
    const services = [...this.#instances.values()].filter((each) => each.node === node).map(({ name }) => name);
    for (const name of service === undefined ? services : [service]) this.#changed.set(`service\0${name}`, index);
    this.#changed.set(`node\0${node}`, index);
    this.#changed.set("all\0", index);
  }
}

function keyOf(node: string, id: string): string {
  return `${node}\0${id}`;
}
