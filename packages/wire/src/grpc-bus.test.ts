import { seconds, systemClock, within } from "@tandem/base";
import { describe, test } from "vitest";
import { grpcBus } from "./grpc-bus.js";
import { type BusWorld, busContract } from "./testing/bus-contract.js";

function world(endpoint: string, nowhere: string): BusWorld {
  return {
    server: grpcBus({ clock: systemClock }),
    client: grpcBus({ clock: systemClock }),
    endpoint,
    nowhere,
    run: async (work) => {
      const done = await within(
        systemClock,
        seconds(10),
        work.then((value) => ({ value })),
      );
      if (done === undefined) throw new Error("not done within 10 s");
      return done.value;
    },
  };
}

describe("the bus contract over gRPC, IPv4", () => {
  for (const { name, run } of busContract) test(name, () => run(world("127.0.0.1:0", "127.0.0.1:1")));
});

describe("the bus contract over gRPC, IPv6", () => {
  for (const { name, run } of busContract) test(name, () => run(world("[::1]:0", "[::1]:1")));
});
