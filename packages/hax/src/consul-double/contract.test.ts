import { systemClock } from "@tandem/base";
import { HttpConsul } from "../consul/http-consul.js";
import { findConsul } from "../find-consul.js";
import { startConsulAgent } from "../testing/consul-agent.js";
import { type ContractAgent, consulContract } from "../testing/consul-contract.js";
import { startConsulDouble } from "./consul-double.js";

const binary = findConsul(process.env);

consulContract("the double", async (watches) => {
  const double = await startConsulDouble({ node: "alpha1", watches });
  return agentAt(double.url, () => double[Symbol.asyncDispose]());
});

if (binary === undefined)
  console.log("Consul's contract is checked against the double only: CONSUL_BIN is not set, and no consul is on PATH");
else
  consulContract("a real agent", async (watches) => {
    const agent = await startConsulAgent(binary, "alpha1", watches);
    return agentAt(agent.url, async () => {
      await agent[Symbol.asyncDispose]();
    });
  });

function agentAt(url: URL, stop: () => Promise<void>): ContractAgent {
  const client = new HttpConsul({ clock: systemClock, addresses: [url] });
  return {
    client,
    async put(path, body) {
      const answer = await fetch(new URL(path, url), {
        method: "PUT",
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const said = await answer.text();
      if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${said}`);
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await stop();
    },
  };
}
