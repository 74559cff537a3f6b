import type { AddressInfo } from "node:net";
import type { Server as TlsServer } from "node:tls";
import { fastifySwagger } from "@fastify/swagger";
import { err, ok, type Result, VERSION } from "@tandem/base";
import { apiPage, isAuthorized, type Metrics } from "@tandem/daemon";
import { type FastifyInstance, fastify } from "fastify";
import type { Bridge } from "../bridge/bridge.js";
import { readQueueWatch } from "../bridge/core/broadcast-queue.js";
import { parseFid } from "../fid.js";
import { addClusterRoutes } from "./cluster-routes.js";
import type { HaxView } from "./hax-view.js";
import { refuse } from "./refuse.js";

/** Connections at once; more are turned away. */
const CONNECTIONS_MAX = 256;
/** A watch's whole body must be here within this time. */
const REQUEST_WITHIN_MS = 10_000;

export interface HttpTls {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

export interface HaxServerOptions {
  readonly bridge: Bridge;
  readonly view: HaxView;
  readonly metrics: Metrics;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Bytes of a body; more is refused with the limit in its reason. */
  readonly bodyMax: number;
  /** What callers must show; nothing: everybody who reaches the port may ask. Read at each request. */
  readonly token?: () => string;
  /** PEM; with it only HTTPS is spoken. With a CA callers must show a certificate of it. */
  readonly tls?: HttpTls;
  readonly count: (method: string, route: string, status: number) => void;
}

export interface HaxServer extends AsyncDisposable {
  readonly port: number;
  /** For connections from now on. */
  replaceCertificate(tls: HttpTls): void;
}

/** Paths that say nothing about the cluster, and that supervisors and scrapers ask. */
const OPEN = new Set(["/", "/health", "/ready", "/metrics"]);

const ANY_BODY = { description: "As Consul's watch handler posts it." };

/** The other side of Consul's watches, and what people ask. A port in use is a result. */
export async function serveHax(options: HaxServerOptions): Promise<Result<HaxServer, string>> {
  const { bridge, view, metrics, host, port, bodyMax, token, tls, count } = options;
  const common = {
    ...{ logger: false, bodyLimit: bodyMax, requestTimeout: REQUEST_WITHIN_MS, forceCloseConnections: true },
    routerOptions: { maxParamLength: 128 },
  } as const;
  const app: FastifyInstance =
    tls === undefined
      ? fastify(common)
      : (fastify({ ...common, https: { ...tls, ...handshake(tls) } }) as unknown as FastifyInstance);
  app.server.maxConnections = CONNECTIONS_MAX;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_, body, done) => {
    try {
      done(null, JSON.parse(body as string));
    } catch {
      done(Object.assign(new Error("Bad JSON provided"), { statusCode: 400 }));
    }
  });
  app.setErrorHandler((error: { readonly message: string; readonly statusCode?: number }, _, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 413) return refuse(reply, 413, `the body is longer than ${bodyMax} bytes`);
    return refuse(reply, status, status >= 500 ? "Unexpected error has happened" : error.message);
  });
  const paths: { readonly method: string; readonly fits: RegExp }[] = [];
  app.addHook("onRoute", ({ method, url }) => {
    const fits = new RegExp(`^${url.replaceAll(".", "\\.").replace(/:\w+/g, "[^/]+")}$`);
    for (const each of [method].flat()) paths.push({ method: each, fits });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?", 1)[0] as string;
    const allowed = paths.filter(({ fits }) => fits.test(path)).map(({ method }) => method);
    const asked = `${request.method} ${path.slice(0, 200)}`;
    if (allowed.length === 0) return refuse(reply, 404, `there is no ${asked}; see /openapi.json`);
    reply.header("allow", allowed.join(", "));
    return refuse(reply, 405, `${asked} is not allowed; ${allowed.join(" and ")} are`);
  });
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
    const open = request.method === "GET" && OPEN.has(request.routeOptions.url ?? "");
    if (token === undefined || open || isAuthorized(request.headers.authorization, token())) return;
    reply.header("www-authenticate", "Bearer");
    return refuse(reply, 401, "expected Authorization: Bearer with the token of --token-file");
  });
  app.addHook("onResponse", async (request, reply) =>
    count(request.method, request.routeOptions.url ?? "none", reply.statusCode),
  );
  await app.register(fastifySwagger, {
    openapi: {
      info: { title: "Tandem hax", version: VERSION, description: "Consul ↔ Motr bridge of one node. docs/hax.md." },
    },
  });
  addWatches(app, bridge);
  addClusterRoutes(app, bridge);
  addQuestions(app, view, metrics);
  try {
    await app.listen({ host, port });
  } catch (error) {
    await app.close();
    return err(`${host}:${port}: ${(error as Error).message}`);
  }
  return ok({
    port: (app.server.address() as AddressInfo).port,
    replaceCertificate: (newer) => (app.server as unknown as TlsServer).setSecureContext(newer),
    [Symbol.asyncDispose]: async () => {
      await app.close();
    },
  });
}

function handshake({ ca }: HttpTls): { readonly requestCert: boolean; readonly rejectUnauthorized: boolean } {
  return { requestCert: ca !== undefined, rejectUnauthorized: ca !== undefined };
}

function addWatches(app: FastifyInstance, bridge: Bridge): void {
  const post = (
    path: string,
    summary: string,
    take: (body: unknown) => string | undefined | Promise<string | undefined>,
  ) =>
    app.post(path, { schema: { summary, ...ANY_BODY } }, async ({ body }, reply) => {
      const wrong = body === undefined ? "Bad JSON provided" : await take(body);
      return wrong === undefined ? reply.code(200).send() : refuse(reply, 400, wrong);
    });
  post("/", "Watch of type service: states are passed on to every Motr process", (body) => bridge.watches.post(body));
  post("/watcher/bq", "Watch of type keyprefix on bq/: new items are taken in order of their numbers", (body) => {
    const pairs = readQueueWatch(body);
    if (!pairs.ok) return pairs.error;
    // Consul waits 10 s for an answer, items may wait for processes: the queue goes on behind it.
    void bridge.queue.process(pairs.value);
    return undefined;
  });
  post("/watcher/processes", "Watch of type key on processes/FID", (body) => bridge.processWatch(body));
}

function addQuestions(app: FastifyInstance, view: HaxView, metrics: Metrics): void {
  app.get("/", { schema: { summary: "A greeting" } }, (_, reply) =>
    reply.type("text/plain; charset=utf-8").send("I'm alive! Sincerely, HaX"),
  );
  app.get("/health", { schema: { summary: "Whether the process is sound" } }, () => ({
    ...{ schema: "tandem.status.v1", ok: true },
  }));
  app.get("/ready", { schema: { summary: "Whether Consul answers" } }, (_, reply) => {
    const outage = view.outage();
    return reply.code(outage === null ? 200 : 503).send({ schema: "tandem.status.v1", ok: outage === null, outage });
  });
  app.get("/metrics", { schema: { summary: "Prometheus metrics" } }, async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
  app.get("/v1/state", { schema: { summary: "Links, queues, processes, leader, last events" } }, () => view.state());
  app.get("/v1/why", { schema: { summary: "The state of ?fid= and the evidence for it" } }, async (request, reply) => {
    const { fid } = request.query as { readonly fid?: unknown };
    const parsed = typeof fid === "string" ? parseFid(fid) : err("expected ?fid=CONTAINER:KEY");
    return parsed.ok ? view.why(parsed.value) : refuse(reply, 400, parsed.error);
  });
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
  app.get("/docs", { schema: { hide: true } }, (_, reply) =>
    reply.type("text/html; charset=utf-8").send(apiPage(app.swagger() as Parameters<typeof apiPage>[0])),
  );
}
