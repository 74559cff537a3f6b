import { ASIC_OPS, type AsicClient } from "@tandem/asic-channel";
import { CleanUp } from "@tandem/base";
import type { AsicRole, BurstRan } from "../child-messages.js";
import { plainReply } from "../floors/plain-zeromq.js";
import { unixEcho } from "../floors/unix-echo.js";
import type { Tally } from "../tally.js";
import { type ChannelPlace, openClient, openServer } from "./ends.js";
import { route } from "./record.js";
import { ringEcho, ringSink } from "./rings.js";

type Start = (tally: Tally, args: readonly string[]) => Promise<string>;

/** Requests of a burst that have no outcome yet; the next one waits. */
const BURST_WINDOW = 10_000;

let bursting: AsicClient | undefined;

export const ASIC_ROLES: Readonly<Record<AsicRole, Start>> = {
  /** Executes nothing, and says that all went well. */
  asicServer: async (tally, [place = ""]) => {
    const server = await openServer(JSON.parse(place) as ChannelPlace, new CleanUp());
    void server.serve(
      {
        rowPrefix: () => "",
        handle: ({ request }) => {
          tally.add(1);
          return Promise.resolve({ op: ASIC_OPS[request.op].reply, status: "SAI_STATUS_SUCCESS", fields: [] });
        },
      },
      new AbortController().signal,
    );
    return "";
  },

  asicClient: async (_tally, [place = ""]) => {
    bursting = await openClient(JSON.parse(place) as ChannelPlace, new CleanUp());
    return "";
  },

  ringEcho: (_tally, [path = ""]) => ringEcho(path),
  ringSink: (tally, [path = ""]) => ringSink(tally, path),
  unixEcho: (_tally, [path = ""]) => unixEcho(path),
  plainReply: () => plainReply(),
};

/** As a full table of routes comes: requests as fast as they are taken, nobody executes them. */
export async function burst(requests: number): Promise<BurstRan> {
  const client = bursting;
  if (client === undefined) throw new Error("a burst needs the role asicClient");
  const before = process.memoryUsage().rss;
  const counts = { accepted: 0, refused: 0 };
  let under = 0;
  let goOn = (): void => {};
  for (let n = 0; n < requests; n++) {
    while (under >= BURST_WINDOW)
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    under += 1;
    void client.request(route(n)).then(({ ok }) => {
      counts[ok ? "accepted" : "refused"] += 1;
      under -= 1;
      goOn();
    });
  }
  while (under > 0)
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
  return { ...counts, before, greatest: process.resourceUsage().maxRSS * 1024 };
}
