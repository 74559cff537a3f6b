import { type AsicClient, describeAsicError } from "@tandem/asic-channel";
import { route } from "./record.js";

/** Requests that one lane makes before it waits for them, and lanes. */
const BATCH = 250;
const LANES = 4;

/** Makes so many requests with 1,000 of them under way; throws when one is neither replied nor accepted. */
export async function requestMany(client: AsicClient, count: number): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const batch: ReturnType<AsicClient["request"]>[] = [];
      for (let i = 0; i < BATCH && next < count; i++) batch.push(client.request(route(next++)));
      for (const outcome of await Promise.all(batch))
        if (!outcome.ok) throw new Error(describeAsicError(outcome.error));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** One request and its reply. */
export async function requestOne(client: AsicClient): Promise<void> {
  const outcome = await client.request(route(1));
  if (!outcome.ok) throw new Error(describeAsicError(outcome.error));
}
