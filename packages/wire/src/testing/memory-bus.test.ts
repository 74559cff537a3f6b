import { seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { describe, test } from "vitest";
import { type BusWorld, busContract } from "./bus-contract.js";
import { MemoryNetwork } from "./memory-network.js";

function world(): BusWorld {
  const clock = new VirtualClock();
  const network = new MemoryNetwork({ clock });
  return {
    server: network.bus("10.0.0.1"),
    client: network.bus("10.0.0.2"),
    endpoint: "10.0.0.1:0",
    nowhere: "10.0.0.9:1",
    run: (work) => clock.run(work, seconds(10)),
  };
}

describe("the bus contract in memory", () => {
  for (const { name, run } of busContract) test(name, () => run(world()));
});
