import { systemClock } from "@tandem/base";
import { grpcTraits } from "../grpc/traits.js";
import { grpcQueueTraits } from "../grpc-queue/traits.js";
import { listPubsubTraits } from "../list-pubsub/traits.js";
import { shmTraits } from "../shm/traits.js";
import { streamsTraits } from "../streams/traits.js";
import type { TransportName, TransportTraits } from "../transport.js";
import { zmqOutboxTraits, zmqTraits } from "../zmq/traits.js";
import type { ConformanceCase } from "./case.js";
import { CONFORMANCE_CASES } from "./cases.js";
import { ConformanceWorld, type RunWish } from "./world.js";

export const TRAITS: Readonly<Record<TransportName, TransportTraits>> = {
  "list-pubsub": listPubsubTraits(),
  streams: streamsTraits(),
  grpc: grpcTraits(),
  "grpc-queue": grpcQueueTraits(),
  zmq: zmqTraits(),
  shm: shmTraits(),
};

/** How one case ended on one transport. */
export interface CaseOutcome {
  readonly transport: TransportName;
  readonly variant?: Variant;
  readonly name: string;
  /** `limit`: it does not hold, as expected of this transport. */
  readonly outcome: "holds" | "limit" | "failed";
  /** What was seen, or what is wrong. */
  readonly text: string;
  readonly seconds: number;
  readonly figure?: string;
}

/** The cases of a transport; `short` leaves those that take long. */
export function casesOf(transport: TransportName, short: boolean): readonly ConformanceCase[] {
  return CONFORMANCE_CASES.filter(
    (each) => (each.when?.(TRAITS[transport]) ?? true) && (!short || each.short === true),
  );
}

/** What is there beside the plain transport. */
export type Variant = "list" | "outbox";

function variantOf(transport: TransportName, { fallback, outbox }: RunWish): Variant | undefined {
  if (transport === "grpc-queue" && fallback === "list") return "list";
  return transport === "zmq" && outbox === true ? "outbox" : undefined;
}

function traitsOf(transport: TransportName, wish: RunWish): TransportTraits {
  return variantOf(transport, wish) === "outbox" ? zmqOutboxTraits() : TRAITS[transport];
}

/** Runs one case on a world of its own; what it throws is its outcome. */
export async function runCase(
  each: ConformanceCase,
  transport: TransportName,
  wish: RunWish = {},
): Promise<CaseOutcome> {
  const traits = traitsOf(transport, wish);
  const started = systemClock.monotonic();
  const variant = variantOf(transport, wish);
  const ended = (outcome: CaseOutcome["outcome"], text: string): CaseOutcome => ({
    ...{ transport, name: each.name, outcome, text },
    ...(variant !== undefined && { variant }),
    seconds: (systemClock.monotonic() - started) / 1000,
  });
  try {
    await using world = await ConformanceWorld.open(traits, wish);
    const seen = await each.run(world);
    const expected = each.holds?.(traits) ?? true;
    const { figure } = seen;
    if (seen.holds === expected)
      return { ...ended(expected ? "holds" : "limit", seen.text), ...(figure !== undefined && { figure }) };
    return ended("failed", `${seen.text}; ${expected ? "it should hold here" : "it was expected to fail here"}`);
  } catch (error) {
    return ended("failed", (error as Error).message.split("\n").slice(0, 12).join(" "));
  }
}
