import { createServer } from "node:net";
import { unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { claimNetwork } from "./claim-network.js";

const size = { switches: 2, dpusPerSwitch: 1 };

test("claims at the same instant get different networks, and a network is free again after its claim", async () => {
  const claims = await Promise.all(Array.from({ length: 8 }, () => claimNetwork(size)));
  const networks = claims.map((claim) => unwrap(claim).topology.switches[0]?.npu);
  expect(new Set(networks).size).toBe(8);
  await Promise.all(claims.map((claim) => unwrap(claim)[Symbol.asyncDispose]()));
  await using next = unwrap(await claimNetwork(size));
  expect(networks).toContain(next.topology.switches[0]?.npu);
});

test("a network on which another program holds one of the ports is left alone", async () => {
  let wanted: string;
  {
    await using claim = unwrap(await claimNetwork(size));
    wanted = claim.topology.switches[1]?.npu as string;
  }
  const other = createServer();
  await new Promise<void>((resolve) => other.listen({ host: wanted, port: 23606 }, resolve));
  try {
    await using claim = unwrap(await claimNetwork(size));
    expect(claim.topology.switches[1]?.npu).not.toBe(wanted);
  } finally {
    other.close();
  }
});
