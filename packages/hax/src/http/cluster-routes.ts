import type { Json, Result } from "@tandem/base";
import type { FastifyInstance } from "fastify";
import type { Bridge } from "../bridge/bridge.js";
import { readSubscriptions } from "../bridge/core/subscription.js";
import { subscribe } from "../bridge/subscriber.js";
import { type Fid, fidLetter, parseFid } from "../fid.js";
import { refuse } from "./refuse.js";

const OPERATION = /^(?:repair|rebalance)-(?:start|stop|pause|resume)$/;
const IGNORED = /^disk-(?:attach|detach)$/;
const NO_SPIEL = "needs Motr's spiel, which is not part of the link protocol: run it with Motr's own tools";

/** What concerns the cluster as a whole: its status, subscriptions, repair and rebalance. */
export function addClusterRoutes(app: FastifyInstance, bridge: Bridge): void {
  const { reader } = bridge;
  const status = (path: string, summary: string, read: () => Promise<Result<Json, string>>) =>
    app.get(path, { schema: { summary } }, async (_, reply) => {
      const found = await read();
      return found.ok ? found.value : refuse(reply, 503, `Consul does not answer: ${found.error}`);
    });
  status("/v1/cluster/status", "Pools, profiles, file system, services of each node", () => reader.clusterStatus());
  status("/v1/cluster/status/bytecount", "Bytes stored, by state of their pool", () => reader.byteCounts());
  status("/v1/cluster/fetch-fids", "Fids of all processes", () => reader.processFids());

  const subscription = (path: string, summary: string, wanted: boolean) =>
    app.post(path, { schema: { summary } }, async ({ body }, reply) => {
      const asked = readSubscriptions(body);
      if (!asked.ok) return refuse(reply, 400, asked.error);
      for (const each of asked.value) {
        const done = await subscribe(bridge.caller, each, wanted);
        if (!done.ok) return refuse(reply, 503, done.error);
      }
      return reply.code(200).send();
    });
  subscription("/v1/events/subscribe", 'Keeps {"node": EVENT} below events/subscription/', true);
  subscription("/v1/events/unsubscribe", "Takes it out again", false);

  app.post("/api/v1/sns/:op", { schema: { summary: "Repair and rebalance: need Motr's spiel" } }, (request, reply) => {
    const { op } = request.params as { readonly op: string };
    if (!OPERATION.test(op) && !IGNORED.test(op)) return refuse(reply, 404, `there is no operation ${op}`);
    const fid = fidIn(request.body);
    if (fid === undefined) return refuse(reply, 400, 'expected {"fid": FID}');
    // As it always was: told, and nobody's work.
    if (IGNORED.test(op)) return reply.code(200).send();
    if (fidLetter(fid) !== "o") return refuse(reply, 400, "expected the fid of a pool, 0x6f…");
    return refuse(reply, 501, `${op} ${NO_SPIEL}`);
  });
  app.get(
    "/api/v1/sns/:op",
    { schema: { summary: "Progress of repair or rebalance: needs Motr's spiel" } },
    (request, reply) => {
      const { op } = request.params as { readonly op: string };
      if (op !== "repair-status" && op !== "rebalance-status") return refuse(reply, 404, `there is no status of ${op}`);
      const { pool_fid: text } = request.query as { readonly pool_fid?: unknown };
      const fid = fidIn({ fid: text });
      if (fid === undefined || fidLetter(fid) !== "o") return refuse(reply, 400, "expected ?pool_fid=0x6f…:KEY");
      return refuse(reply, 501, `${op} ${NO_SPIEL}`);
    },
  );
}

function fidIn(body: unknown): Fid | undefined {
  const text = (body as { readonly fid?: unknown } | null | undefined)?.fid;
  const fid = typeof text === "string" ? parseFid(text) : undefined;
  return fid?.ok === true ? fid.value : undefined;
}
