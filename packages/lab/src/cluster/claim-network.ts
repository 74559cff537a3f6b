import { createServer, type Server } from "node:net";
import { err, ok, type Result } from "@tandem/base";
import { planTopology, type Topology } from "../topology.js";

/** Who holds this port on a network's first address has the network; the kernel frees it when the holder ends. */
const CLAIM_PORT = 6378;
/** Links between switches listen here: this plus 64 per dialing switch plus the slot. */
const LINK_PORT_FIRST = 40_000;
const LINKS_PER_SWITCH = 64;

/** Second octets of 127.0.0.0/8 that labs use; those above are left to tests. */
const OCTETS = [10, 249] as const;
/** Added to every port, in turn, where another program holds the usual ones on all addresses. */
const PORT_SHIFTS = [0, 1000, 2000, 3000] as const;

/** A cluster's addresses, which no other lab uses while this stands. */
export interface NetworkClaim extends AsyncDisposable {
  readonly topology: Topology;
  readonly portShift: number;
}

export interface ClaimOptions {
  readonly switches: number;
  readonly dpusPerSwitch: number;
  /** First and last second octet; default 10 to 249. */
  readonly octets?: readonly [first: number, last: number];
}

/** Port at which the switch of that index dials a remote slot. */
export function linkPort(from: number, slot: number, portShift: number): number {
  return LINK_PORT_FIRST + portShift + LINKS_PER_SWITCH * from + slot;
}

/**
 * The first of 127.10 … 127.249 that no lab has claimed and on which every port of the cluster can be bound. Labs that
 * start at the same instant get different networks: the claim is one bind.
 */
export async function claimNetwork(options: ClaimOptions): Promise<Result<NetworkClaim, string>> {
  const [first, last] = options.octets ?? OCTETS;
  let taken = "";
  for (const portShift of PORT_SHIFTS) {
    for (let octet = first; octet <= last; octet++) {
      const network = `127.${octet}`;
      const claim = await bind(`${network}.0.1`, CLAIM_PORT);
      if (claim === undefined) continue;
      const topology = planTopology({ ...options, network, portShift });
      const busy = await firstBusy(topology, portShift);
      if (busy === undefined) {
        return ok({ topology, portShift, [Symbol.asyncDispose]: () => close(claim) });
      }
      taken = busy;
      await close(claim);
    }
  }
  return err(
    taken === ""
      ? `no free loopback network 127.${first} to 127.${last}: as many labs run here; end one`
      : `no free ports on 127.${first} to 127.${last}: ${taken} is in use; end what holds it`,
  );
}

/** The first endpoint of the cluster that cannot be bound. */
async function firstBusy(topology: Topology, portShift: number): Promise<string | undefined> {
  for (const [host, port] of endpoints(topology, portShift)) {
    const server = await bind(host, port);
    if (server === undefined) return `${host}:${port}`;
    await close(server);
  }
  return undefined;
}

function endpoints(topology: Topology, portShift: number): readonly (readonly [host: string, port: number])[] {
  return topology.switches.flatMap((sw) => [
    [sw.npu, sw.redisPort] as const,
    ...sw.dpus.flatMap((dpu) => [
      [sw.npu, dpu.redisPort] as const,
      [sw.npu, dpu.swbusPort] as const,
      [dpu.midplane, dpu.zmqPort] as const,
      ...topology.switches
        .filter((from) => from !== sw)
        .map((from) => [sw.npu, linkPort(from.index, dpu.slot, portShift)] as const),
    ]),
  ]);
}

/** A port of 127.0.0.1 that nobody holds now. Somebody may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = await bind("127.0.0.1", 0);
  const address = server?.address();
  if (server === undefined || typeof address !== "object" || address === null) {
    throw new Error("no port of 127.0.0.1 is free");
  }
  await close(server);
  return address.port;
}

/** A listener that takes no connection, or undefined where the endpoint is in use or not ours to bind. */
function bind(host: string, port: number): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
