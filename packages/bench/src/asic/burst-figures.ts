import { TRANSPORT_NAMES, type TransportName } from "@tandem/asic-channel";
import { unwrap } from "@tandem/base";
import { untilConnected } from "@tandem/swss";
import { redisStoresAt } from "@tandem/swss/testing";
import { type BenchRun, figureOf } from "../bench-run.js";
import { Child } from "../child-process.js";
import type { Figure } from "../figure.js";
import { LanePlace } from "./lane.js";

const REQUESTS = 250_000;
const MB = 1e6;

/** What keeps nothing while no server is there, or one request under way: these are executed meanwhile. */
const EXECUTED: readonly TransportName[] = ["grpc", "zmq"];

/** Requests over ZMQ, which answers each before it takes the next: as many need a minute. */
const IN_LOCKSTEP = 25_000;

/** Memory while a full table of routes is sent and no server is there; never less of it, since memory is the question. */
export async function burstFigures(run: BenchRun): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const transport of TRANSPORT_NAMES) {
    run.signal.throwIfAborted();
    figures.push(await burstOn(transport, transport === "zmq" ? IN_LOCKSTEP : REQUESTS));
  }
  return figures;
}

async function burstOn(transport: TransportName, requests: number): Promise<Figure> {
  const executed = EXECUTED.includes(transport);
  await using at = await LanePlace.make(transport, executed ? "sync" : "async");
  await using _server = executed ? await Child.start("asicServer", at.text) : undefined;
  await using client = await Child.start("asicClient", at.text);
  const { accepted, refused, before, greatest } = await client.burst(requests);
  const redis = at.redis === undefined ? "" : `; Redis ${((await memoryOf(at.place.socket)) / MB).toFixed(0)} MB`;
  return figureOf([greatest / MB], {
    what: `${transport}: memory of a client in a burst of ${requests / 1000} k`,
    unit: "MB",
    notes: [
      `${transport}: ${accepted} ${executed ? "executed" : "accepted"}, ${refused} refused as too many; ${(before / MB).toFixed(0)} MB before${redis}`,
    ],
  });
}

async function memoryOf(socket: string): Promise<number> {
  await using stores = redisStoresAt({ socket });
  const store = unwrap(stores.open({ db: "ASIC_DB" }));
  await untilConnected(store);
  const info = String(unwrap(await store.command(["INFO", "memory"])));
  return Number(/used_memory:(\d+)/.exec(info)?.[1]);
}
