import type { AddressInfo } from "node:net";
import { fastifySwagger } from "@fastify/swagger";
import { type Clock, err, ok, type Result, VERSION } from "@tandem/base";
import { apiPage, isAuthorized, type Metrics } from "@tandem/daemon";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { type Answer, errorAnswer } from "../core/answer.js";
import type { Northbound } from "../northbound.js";
import { EventStream } from "./event-stream.js";
import { addRoutes } from "./routes.js";
import type { ServerTally } from "./server-metrics.js";

/** Bytes of a request's body. */
const BODY_MAX = 16 * 1024;
/** Connections at once; more are turned away. */
const CONNECTIONS_MAX = 256;
/** Readers of the event stream at once. */
const READERS_MAX = 64;

export interface ApiServerOptions {
  readonly northbound: Northbound;
  readonly clock: Clock;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What callers must show; nothing: everybody who reaches the port may ask. Read at each request. */
  readonly token?: () => string;
  readonly metrics: Metrics;
  readonly tally: ServerTally;
}

export interface ApiServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** What fastify hands to its error handler. */
interface FailedRequest {
  readonly message: string;
  readonly statusCode?: number;
  readonly validationContext?: string;
}

/** Paths that say nothing about the switch's config, and that supervisors and scrapers ask. */
const OPEN = new Set(["/health", "/ready", "/metrics"]);

/** Serves the API until it is disposed of. A port in use is a result. */
export async function serveApi(options: ApiServerOptions): Promise<Result<ApiServer, string>> {
  const { northbound, clock, host, port, token, metrics, tally } = options;
  const readers = new Set<EventStream>();
  const app = fastify({
    logger: false,
    bodyLimit: BODY_MAX,
    requestTimeout: 10_000,
    routerOptions: { maxParamLength: 128 },
    forceCloseConnections: true,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.setErrorHandler((error: FailedRequest, _request, reply) => {
    const status = error.validationContext === "headers" ? 428 : (error.statusCode ?? 500);
    if (status === 428) return send(reply, errorAnswer(428, "preconditionRequired", error.message));
    const kind = status >= 500 ? "internal" : status === 413 ? "tooLarge" : "badRequest";
    return send(reply, errorAnswer(status, kind, error.message));
  });
  app.setNotFoundHandler((request, reply) =>
    send(
      reply,
      errorAnswer(404, "notFound", `there is no ${request.method} ${request.url.slice(0, 200)}; see /openapi.json`),
    ),
  );
  app.addHook("onRequest", async (request, reply) => {
    if (token === undefined || OPEN.has(request.routeOptions.url ?? "")) return;
    if (isAuthorized(request.headers.authorization, token())) return;
    reply.header("www-authenticate", "Bearer");
    return send(
      reply,
      errorAnswer(401, "unauthorized", "expected Authorization: Bearer with the token of --token-file"),
    );
  });
  app.addHook("onResponse", async (request, reply) => {
    tally.request(request.method, request.routeOptions.url ?? "none", reply.statusCode, reply.elapsedTime / 1000);
  });
  await app.register(fastifySwagger, {
    openapi: {
      info: {
        title: "Tandem northbound API",
        version: VERSION,
        description: "HA sets, HA scopes and DPUs of one SmartSwitch, over the rows of its databases. docs/api.md.",
      },
      ...(token !== undefined && {
        components: { securitySchemes: { token: { type: "http", scheme: "bearer" } } },
        security: [{ token: [] }],
      }),
    },
  });
  addRoutes(app, northbound, send);
  addStatus(app, northbound, metrics);
  app.get(
    "/v1/events",
    {
      schema: {
        summary: "What happens, as server-sent events",
        description:
          "Each event has an id: sent back as Last-Event-ID (or ?after=) the stream goes on behind it. `reset`: it cannot, read the rows again. `lost`: this reader was too slow for so many events.",
        querystring: { type: "object", properties: { after: { type: "string", maxLength: 40 } } },
      },
    },
    (request, reply) => {
      if (readers.size >= READERS_MAX) {
        return send(reply, errorAnswer(503, "tooManyReaders", `${READERS_MAX} readers listen already`));
      }
      const { after } = request.query as { readonly after?: string };
      const last = request.headers["last-event-id"];
      reply.hijack();
      const stream: EventStream = new EventStream(
        northbound,
        clock,
        reply.raw,
        after ?? (typeof last === "string" ? last : undefined),
        (count) => tally.lost(count),
        () => {
          readers.delete(stream);
          tally.readers(readers.size);
        },
      );
      readers.add(stream);
      tally.readers(readers.size);
      return reply;
    },
  );
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    return err(`${host}:${port}: ${(error as Error).message}`);
  }
  return ok({
    host,
    port: (app.server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const reader of [...readers]) reader.close();
      await app.close();
    },
  });
}

function addStatus(app: FastifyInstance, northbound: Northbound, metrics: Metrics): void {
  const status = (ok: boolean) => ({ schema: "tandem.status.v1", ok, lost: northbound.lost });
  app.get("/health", { schema: { summary: "Whether the process is sound" } }, () => status(true));
  app.get(
    "/ready",
    { schema: { summary: "Whether every table has been read and every database answers" } },
    (_, reply) => reply.code(northbound.ready ? 200 : 503).send(status(northbound.ready)),
  );
  app.get("/metrics", { schema: { summary: "Prometheus metrics" } }, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
  app.get("/", { schema: { hide: true } }, (_, reply) =>
    reply.type("text/html; charset=utf-8").send(apiPage(app.swagger() as Parameters<typeof apiPage>[0])),
  );
}

function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  return reply.code(status).type("application/json; charset=utf-8").send(body);
}
