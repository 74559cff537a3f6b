import { type Clock, type Millis, millis } from "@tandem/base";
import type { LabNetwork, NodeName } from "../network.js";
import type { PeerMessage } from "./core-types.js";

/** A DPU as its peers meet it. */
export interface FabricMember {
  readonly name: NodeName;
  /** PA. */
  readonly ip: string;
  /** Peer address of each HA set, while the DPU is on; a probe from that address is answered. */
  peers(): ReadonlyMap<string, string>;
  /** The peer of `set` would now answer a probe, or would not. Told again only when it changes. */
  path(set: string, reachable: boolean): void;
  receive(from: string, message: PeerMessage): void;
}

export interface DpuFabricOptions {
  readonly clock: Clock;
  readonly network: LabNetwork;
  /** Time that a message takes. Default 1 ms. */
  readonly delay?: Millis;
}

/**
 * The data-plane channels between all DPUs. Messages between two DPUs keep their order; what is under way when the path
 * is cut, or when the receiver goes off, is lost.
 */
export class DpuFabric {
  readonly #clock: Clock;
  readonly #network: LabNetwork;
  readonly #delay: Millis;
  readonly #members = new Map<string, FabricMember>();
  /** DPUs whose own probes fail although the network is whole. */
  readonly #deaf = new Set<NodeName>();
  /** DPUs whose bulk syncs get lost. */
  readonly #bulkLost = new Set<NodeName>();

  constructor(options: DpuFabricOptions) {
    this.#clock = options.clock;
    this.#network = options.network;
    this.#delay = options.delay ?? millis(1);
    options.network.onChange(() => this.refresh());
  }

  join(member: FabricMember): void {
    this.#members.set(member.ip, member);
  }

  /** The member with that address, switched on or not. */
  member(ip: string): FabricMember | undefined {
    return this.#members.get(ip);
  }

  /** Tells every DPU which peers answer. Called when a DPU's power or HA sets have changed. */
  refresh(): void {
    for (const member of this.#members.values()) {
      for (const [set, ip] of member.peers()) member.path(set, this.#answers(member, ip));
    }
  }

  /** Fault: the probes of one DPU fail, those of its peer do not, so only one side sees the channel down. */
  setDeaf(name: NodeName, deaf: boolean): void {
    if (deaf) this.#deaf.add(name);
    else this.#deaf.delete(name);
    this.refresh();
  }

  /** Fault: the bulk syncs that a DPU sends do not arrive. */
  setBulkLost(name: NodeName, lost: boolean): void {
    if (lost) this.#bulkLost.add(name);
    else this.#bulkLost.delete(name);
  }

  send(from: FabricMember, to: string, message: PeerMessage): void {
    const receiver = this.#members.get(to);
    if (message.kind === "bulk" && this.#bulkLost.has(from.name)) return;
    if (receiver === undefined || !this.#network.reaches(from.name, receiver.name)) return;
    this.#clock.setTimer(this.#delay, () => {
      if (this.#network.reaches(from.name, receiver.name)) receiver.receive(from.ip, message);
    });
  }

  #answers(member: FabricMember, ip: string): boolean {
    const peer = this.#members.get(ip);
    if (peer === undefined || this.#deaf.has(member.name)) return false;
    return [...peer.peers().values()].includes(member.ip) && this.#network.reachesBothWays(member.name, peer.name);
  }
}
