import type { AddressInfo } from "node:net";
import { fastifySwagger } from "@fastify/swagger";
import { err, ok, type Result, VERSION } from "@tandem/base";
import { isAuthorized, type Metrics } from "@tandem/daemon";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import type { Bridge } from "../bridge/bridge.js";
import { readQueueWatch } from "../bridge/core/broadcast-queue.js";

/** Connections at once; more are turned away. */
const CONNECTIONS_MAX = 256;
/** Paths that say nothing about the cluster, and that supervisors and scrapers ask. */
const OPEN = new Set(["/", "/health", "/ready", "/metrics"]);
const BAD_JSON = "Bad JSON provided";

export interface HaxServerOptions {
  readonly bridge: Bridge;
  readonly metrics: Metrics;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Bytes of a body; more is refused with 413. */
  readonly bodyMax: number;
  /** What callers must show; nothing: everybody who reaches the port may ask. Read at each request. */
  readonly token?: () => string;
  /** Why hax is not ready; nothing when it is. */
  readonly notReady: () => string | undefined;
}

export interface HaxServer extends AsyncDisposable {
  readonly port: number;
}

/** Where Consul's watch handlers post, and people ask. A port in use is a result. */
export async function serveHax(options: HaxServerOptions): Promise<Result<HaxServer, string>> {
  const { host, port, bodyMax, token } = options;
  const app = fastify({ logger: false, bodyLimit: bodyMax, requestTimeout: 30_000, forceCloseConnections: true });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.setErrorHandler((error: { message: string; code?: string; statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (error.code === "FST_ERR_CTP_INVALID_JSON_BODY" || error.code === "FST_ERR_CTP_EMPTY_JSON_BODY")
      return refuse(reply, 400, error.message, BAD_JSON);
    const reason = status === 413 ? `More than ${bodyMax} bytes; see --body-max` : "Unexpected error has happened";
    return refuse(reply, status, error.message, status < 500 && status !== 413 ? error.message : reason);
  });
  app.setNotFoundHandler((request, reply) =>
    refuse(reply, 404, `there is no ${request.method} ${request.url.slice(0, 200)}`, "Not Found"),
  );
  app.addHook("onRequest", async (request, reply) => {
    const isOpen = request.method === "GET" && OPEN.has(request.routeOptions.url ?? "");
    if (token === undefined || isOpen || isAuthorized(request.headers.authorization, token())) return;
    reply.header("www-authenticate", "Bearer");
    return refuse(reply, 401, "expected Authorization: Bearer with the token of --token-file", "Unauthorized");
  });
  // Consul's handlers name no content type.
  app.removeContentTypeParser("text/plain");
  app.addContentTypeParser("*", { parseAs: "string" }, app.getDefaultJsonParser("error", "error"));
  await app.register(fastifySwagger, {
    openapi: {
      info: { title: "Tandem hax", version: VERSION, description: "Where Consul's watches post. docs/hax.md." },
    },
  });
  addRoutes(app, options);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    return err(`${host}:${port}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
  return ok({
    port: (app.server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => app.close(),
  });
}

function addRoutes(app: FastifyInstance, { bridge, metrics, notReady }: HaxServerOptions): void {
  app.get("/", { schema: { summary: "A greeting" } }, (_request, reply) =>
    reply.type("application/json").send(JSON.stringify("I'm alive! Sincerely, HaX")),
  );
  app.post("/", { schema: { summary: "A watch of type service: all instances of one service" } }, (request, reply) => {
    const wrong = bridge.watches.post(request.body);
    return wrong === undefined ? reply.send("") : refuse(reply, 400, wrong, BAD_JSON);
  });
  app.post(
    "/watcher/bq",
    { schema: { summary: "A watch of type keyprefix on bq/: answered when all new items are done" } },
    async (request, reply) => {
      const pairs = readQueueWatch(request.body);
      if (!pairs.ok) return refuse(reply, 400, pairs.error, BAD_JSON);
      await bridge.queue.process(pairs.value);
      return reply.send("");
    },
  );
  app.get("/health", { schema: { summary: "Whether the process works" } }, (_request, reply) =>
    reply.send({ ok: true }),
  );
  app.get("/ready", { schema: { summary: "Whether entrypoints can be answered from Consul" } }, (_request, reply) => {
    const because = notReady();
    return because === undefined ? reply.send({ ok: true }) : reply.code(503).send({ ok: false, because });
  });
  app.get("/metrics", { schema: { summary: "Prometheus text" } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
  app.get("/openapi.json", { schema: { hide: true } }, (_request, reply) => reply.send(app.swagger()));
}

/** The form of every error of this server. */
function refuse(reply: FastifyReply, status: number, message: string, reason: string): FastifyReply {
  const type = status < 500 ? "badRequest" : "internal";
  return reply.code(status).send({ status_code: status, error_message: message, error_type: type, reason });
}
