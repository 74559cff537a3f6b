import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { err, type Json, ok, type Result } from "@tandem/base";
import type { Metrics } from "./metrics.js";

/** What a daemon says about itself. `ok` false answers 503. */
export interface StatusReport {
  readonly ok: boolean;
  /** Shown as JSON beside `ok`. */
  readonly detail?: { readonly [name: string]: Json };
}

export interface StatusServerOptions {
  /** Default loopback: what is shown here needs no password. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly metrics: Metrics;
  /** Is the process sound? A supervisor restarts it when not. */
  readonly health: () => StatusReport;
  /** Does it do its work now? Not while it waits for configuration, Redis or its peers. */
  readonly ready: () => StatusReport;
}

export interface StatusServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

export type StatusServerError = { readonly kind: "listenFailed"; readonly detail: string };

/** Requests that are served at once; more are turned away. */
const CONNECTIONS_MAX = 64;

/** `GET /metrics`, `/health` and `/ready`. A port in use is a result: the daemon says so and works without. */
export async function serveStatus(options: StatusServerOptions): Promise<Result<StatusServer, StatusServerError>> {
  const host = options.host ?? "127.0.0.1";
  const server = createServer({ requestTimeout: 5000, headersTimeout: 5000 }, (request, response) => {
    request.resume();
    if (request.method !== "GET" && request.method !== "HEAD") {
      answer(response, 405, "text/plain", "only GET\n");
      return;
    }
    switch ((request.url ?? "").split("?", 1)[0]) {
      case "/metrics":
        void options.metrics.text().then((text) => answer(response, 200, options.metrics.contentType, text));
        return;
      case "/health":
        report(response, options.health());
        return;
      case "/ready":
        report(response, options.ready());
        return;
      default:
        answer(response, 404, "text/plain", "try /metrics, /health or /ready\n");
    }
  });
  server.maxConnections = CONNECTIONS_MAX;
  try {
    server.listen(options.port, host);
    await once(server, "listening");
  } catch (error) {
    return err({ kind: "listenFailed", detail: `status page on ${host}:${options.port}: ${(error as Error).message}` });
  }
  const { port } = server.address() as AddressInfo;
  return ok({
    host,
    port,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

function report(response: ServerResponse, status: StatusReport): void {
  const text = `${JSON.stringify({ schema: "tandem.status.v1", ok: status.ok, ...status.detail })}\n`;
  answer(response, status.ok ? 200 : 503, "application/json", text);
}

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type }).end(body);
}
