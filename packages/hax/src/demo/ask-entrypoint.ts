import { millis, systemClock, systemRandom } from "@tandem/base";
import { formatFid, typedFid } from "../fid.js";
import { parseLinkAddress } from "../link/address.js";
import { M0d } from "../m0d/m0d.js";
import { GOOD_MANNERS } from "../m0d/peer-ports.js";

/** One reply to a client's request for an entrypoint. */
export interface Asked {
  /** Wall time of the reply. */
  readonly at: number;
  /** From the request to the reply. */
  readonly took: number;
  /** Nothing: it was told to ask again. */
  readonly rm: string | undefined;
}

/** Clients have keys of their own, far from those of the configuration. */
let nextClient = 0x100000n;

/**
 * Asks a hax as a new client of Motr would, until it is told an entrypoint that `enough` accepts, or `signal` aborts. Gives
 * every reply, in order.
 */
export async function askEntrypoint(
  link: string,
  enough: (asked: Asked) => boolean,
  signal: AbortSignal,
): Promise<readonly Asked[]> {
  const address = parseLinkAddress(link);
  if (!address.ok) throw new Error(address.error);
  const process = typedFid("r", 1n, nextClient);
  nextClient += 1n;
  const replies: Asked[] = [];
  let began = systemClock.monotonic();
  const who = {
    ...{ process, endpoint: `inet:tcp:10.9.8.30@${process.key}`, type: "OTHER" as const, gitRev: "tandem" },
    ...{ pid: 1n, linkId: BigInt(`0x${systemRandom.uuid().replaceAll("-", "")}`) },
  };
  await using client = new M0d({
    ...{ address: address.value, clock: systemClock, random: systemRandom, who },
    manners: { ...GOOD_MANNERS, queryPace: millis(50) },
    observer: (event) => {
      if (event.kind === "entrypointAsked") began = systemClock.monotonic();
      if (event.kind !== "entrypointAnswered") return;
      const rm = event.control === "CONSUME" ? formatFid(event.rmFid) : undefined;
      replies.push({ at: systemClock.now(), took: systemClock.monotonic() - began, rm });
    },
  });
  await client.until(() => replies.some(enough), signal).catch(() => {});
  client.motr.leave("it knows what it wanted");
  await client.until(({ linked }) => !linked, AbortSignal.timeout(1000)).catch(() => {});
  return replies;
}
