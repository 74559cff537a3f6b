import { unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { Metrics } from "./metrics.js";
import { type StatusServerOptions, serveStatus } from "./status-server.js";

function options(port = 0): StatusServerOptions {
  const metrics = new Metrics();
  metrics.counter({ name: "tandem_test_total", help: "Test." });
  return {
    port,
    metrics,
    health: () => ({ ok: true }),
    ready: () => ({ ok: false, detail: { waitsFor: "a loopback address" } }),
  };
}

test("metrics, health and readiness have their pages", async () => {
  await using server = unwrap(await serveStatus(options()));
  const get = (path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://${server.host}:${server.port}${path}`, init);
  const metrics = await get("/metrics");
  expect(metrics.headers.get("content-type")).toContain("text/plain");
  expect(await metrics.text()).toContain("tandem_test_total 0");
  expect((await get("/health")).status).toBe(200);
  const ready = await get("/ready?verbose");
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ schema: "tandem.status.v1", ok: false, waitsFor: "a loopback address" });
  expect((await get("/other")).status).toBe(404);
  expect((await get("/health", { method: "POST", body: "x" })).status).toBe(405);
});

test("a port in use is a result that names it", async () => {
  await using server = unwrap(await serveStatus(options()));
  const second = await serveStatus(options(server.port));
  expect(!second.ok && second.error.detail).toMatch(
    new RegExp(`^status page on 127.0.0.1:${server.port}: .*EADDRINUSE`),
  );
});
