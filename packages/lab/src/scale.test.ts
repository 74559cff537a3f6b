import { fileURLToPath } from "node:url";
import { seconds } from "@tandem/base";
import { golden, longTest } from "@tandem/base/testing";
import type { Hamgrd } from "@tandem/hamgrd";
import { expect, test } from "vitest";
import { Cluster } from "./cluster/cluster.js";
import { SimulatedCluster } from "./cluster/simulated-cluster.js";
import { simulatedDaemons } from "./cluster/simulated-daemons.js";
import { Narrator } from "./story/narrator.js";
import type { Receipt } from "./story/receipt.js";

interface Launched {
  readonly receipt: Receipt;
  readonly printed: string;
  readonly messages: { readonly local: number; readonly sent: number };
}

/** A cluster whose pairs are all launched. */
async function launched(switches: number, dpusPerSwitch: number): Promise<Launched> {
  const hamgrds: Hamgrd[] = [];
  const witness = { started: (_: unknown, hamgrd: Hamgrd) => hamgrds.push(hamgrd), told: () => {} };
  const daemons = simulatedDaemons({}, witness);
  const host = new SimulatedCluster({ switches, dpusPerSwitch, seed: 1, isolation: "switch", daemons });
  await using cluster = await Cluster.start(host);
  const narrator = new Narrator(cluster, "scale");
  const step = { command: "launch", words: ["launch"], options: {}, expected: "", line: 0, before: "" };
  const printed = await narrator.run(step);
  const slots = hamgrds.flatMap((hamgrd) => [...hamgrd.slots.values()]);
  const sum = (way: "local" | "sent"): number => slots.reduce((all, slot) => all + (slot.messages?.[way] ?? 0), 0);
  return { receipt: await narrator.receipt(), printed, messages: { local: sum("local"), sent: sum("sent") } };
}

const timeout = 600_000;

test("64 DPUs of 8 switches are launched within 10 s of virtual time", { timeout }, async () => {
  const { receipt, printed } = await launched(8, 8);
  expect(printed).toBe("32 DPUs are active\n32 DPUs are standby");
  expect(receipt.steadyAfter).toBeLessThanOrEqual(seconds(10));
  expect(receipt.invariants.violations).toEqual([]);
});

const SIZES = [
  [2, 1],
  [2, 8],
  [4, 4],
  [4, 8],
  [8, 4],
  [8, 8],
  [16, 8],
] as const;

test("what a launch costs grows as docs/scale.md says", { timeout: 2 * timeout }, async (t) => {
  longTest(t);
  const lines = ["switches x DPUs  slots  steady after  row changes  messages within hamgrds (per slot)  to the bus"];
  for (const [switches, dpus] of SIZES) {
    const { receipt, messages } = await launched(switches, dpus);
    const slots = switches * dpus;
    const rows = [...receipt.rowsWritten.values()].reduce((all, count) => all + count, 0);
    const perSlot = (messages.local / slots).toFixed(0);
    lines.push(
      [
        `${switches} x ${dpus}`.padEnd(15),
        String(slots).padStart(5),
        `${((receipt.steadyAfter ?? 0) / 1000).toFixed(2)} s`.padStart(12),
        String(rows).padStart(11),
        `${messages.local} (${perSlot})`.padStart(34),
        String(messages.sent).padStart(10),
      ].join("  "),
    );
  }
  golden(fileURLToPath(new URL("../testdata/scale.txt", import.meta.url)), `${lines.join("\n")}\n`);
});
