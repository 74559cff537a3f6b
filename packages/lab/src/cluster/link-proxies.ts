import { type SwitchPlace, switchOf, type Topology } from "../topology.js";
import { LinkProxy } from "./link-proxy.js";

/** The relays of every connection between switches, by pair of switches. */
export class LinkProxies implements AsyncDisposable {
  readonly #links = new Map<string, LinkProxy[]>();

  /** Listens on every switch for each remote DPU, at the port that `portOf` gives. */
  async listen(
    topology: Topology,
    portOf: (from: SwitchPlace, dpu: Topology["dpus"][number]) => number,
  ): Promise<void> {
    for (const from of topology.switches) {
      for (const dpu of topology.dpus) {
        if (dpu.switchIndex === from.index) continue;
        const to = switchOf(topology, dpu);
        const link = await LinkProxy.listen(
          { host: to.npu, port: portOf(from, dpu) },
          { host: to.npu, port: dpu.swbusPort },
        );
        this.#links.set(keyOf(from, to), [...this.between(from, to), link]);
      }
    }
  }

  between(a: SwitchPlace, b: SwitchPlace): readonly LinkProxy[] {
    return this.#links.get(keyOf(a, b)) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const links of this.#links.values()) for (const link of links) await link[Symbol.asyncDispose]();
  }
}

function keyOf(a: SwitchPlace, b: SwitchPlace): string {
  return [a.name, b.name].sort().join(" ");
}
