import { createServer } from "node:net";
import { unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { claimNetwork } from "./claim-network.js";

/** Networks that no lab uses. */
const size = { switches: 2, dpusPerSwitch: 1, octets: [250, 253] } as const;

test("claims at the same instant get different networks; a network is free again after its claim", async () => {
  const claim = async () => unwrap(await claimNetwork(size));
  const claims = await Promise.all([claim(), claim(), claim(), claim()]);
  const networks = claims.map(({ topology }) => topology.switches[0]?.npu);
  expect([...networks].sort()).toEqual(["127.250.0.1", "127.251.0.1", "127.252.0.1", "127.253.0.1"]);
  expect(await claimNetwork(size)).toEqual({
    ok: false,
    error: "no free loopback network 127.250 to 127.253: as many labs run here; end one",
  });
  await Promise.all(claims.map((one) => one[Symbol.asyncDispose]()));
  await using next = await claim();
  expect(next.topology.switches[0]?.npu).toBe("127.250.0.1");
});

test("a network on which another program holds one of the ports is left alone; without another one, ports move", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen({ host: "127.250.1.1", port: 23606 }, resolve));
  try {
    await using second = unwrap(await claimNetwork(size));
    expect(second.topology.switches[0]?.npu).toBe("127.251.0.1");
    await using moved = unwrap(await claimNetwork({ ...size, octets: [250, 250] }));
    expect(moved.topology.dpus.map(({ swbusPort, zmqPort, redisPort }) => [swbusPort, zmqPort, redisPort])).toEqual([
      [24606, 9100, 7381],
      [24606, 9100, 7381],
    ]);
  } finally {
    other.close();
  }
});
