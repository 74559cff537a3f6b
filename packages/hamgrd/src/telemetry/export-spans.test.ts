import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type RowMoment, StepRecords } from "@tandem/actor";
import { millis } from "@tandem/base";
import { expect, test } from "vitest";
import { exportSpans, otlpUrl } from "./export-spans.js";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
}

/** A receiver of OTLP over HTTP that keeps what it gets. */
async function receiver(status = 200) {
  const spans: Span[] = [];
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(request.url ?? "");
    let text = "";
    request.on("data", (chunk) => {
      text += chunk;
    });
    request.on("end", () => {
      for (const resource of JSON.parse(text).resourceSpans) {
        for (const scope of resource.scopeSpans) spans.push(...scope.spans);
      }
      response.writeHead(status).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    spans,
    paths,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}

const ROW = "DPU_APPL_DB|DASH_HA_SCOPE_TABLE|haset0";

function play(records: StepRecords): void {
  const row: RowMoment = {
    ...{ row: ROW, op: "set", fields: {}, step: 0 },
    ...{ sent: millis(13), written: undefined, acked: undefined },
  };
  records.add({
    ...{ slot: "dpu0", type: "ha-scope", id: "vdpu0:haset0", incarnation: 1, at: millis(1_700_000_000_012) },
    trace: {
      id: "0-1",
      cause: "APPL_DB|T|a",
      at: millis(1_700_000_000_010),
      received: millis(10),
      decoded: millis(10.5),
    },
    ...{ joined: [], delivered: millis(11), decided: millis(12), changes: [], draws: [], memory: undefined },
    ...{ reason: "config", waits: [], problems: [], difference: [], rows: [row], inputs: undefined },
  });
  row.written = millis(14);
  row.acked = millis(15);
  records.acknowledged(row, { slot: "dpu0", type: "ha-scope", id: "vdpu0:haset0" });
}

test("one change is one trace: detected, delivered, decided, programmed, acknowledged", async () => {
  await using otlp = await receiver();
  const records = new StepRecords();
  const lines: string[] = [];
  const logger = { warn: (line: string) => lines.push(line), info: (line: string) => lines.push(line) } as never;
  const path = "region-a.cluster-a.sw0-dpu0";
  const exporting = await exportSpans({
    records,
    pathOf: () => path,
    url: otlp.url,
    resource: { "service.name": "hamgrd" },
    logger,
  });
  play(records);
  await exporting[Symbol.asyncDispose]();
  expect(otlp.paths).toEqual(["/v1/traces"]);
  expect(otlp.spans.map(({ name }) => name)).toEqual(["detect", "deliver", "decide", "program", "ack"]);
  expect(new Set(otlp.spans.map(({ traceId }) => traceId)).size).toBe(1);
  const [detect, , decide, program, ack] = otlp.spans as unknown as readonly [Span, Span, Span, Span, Span];
  expect(detect.startTimeUnixNano).toBe("1700000000010000000");
  expect(ack.endTimeUnixNano).toBe("1700000000015000000");
  expect([program.parentSpanId, ack.parentSpanId]).toEqual([decide.spanId, decide.spanId]);
  expect(program.attributes).toContainEqual({ key: "row", value: { stringValue: ROW } });
  expect(lines).toEqual([]);
});

test("a receiver that refuses costs the spans and one line, whatever comes after", async () => {
  await using otlp = await receiver(503);
  const records = new StepRecords();
  const lines: string[] = [];
  const logger = { warn: (line: string) => lines.push(line), info: (line: string) => lines.push(line) } as never;
  const exporting = await exportSpans({ records, pathOf: () => "x", url: otlp.url, resource: {}, logger });
  for (let n = 0; n < 600; n++) play(records);
  await exporting[Symbol.asyncDispose]();
  expect(otlp.paths.length).toBeGreaterThan(1);
  expect(lines).toEqual([`traces do not reach ${otlp.url} (status 503); they are lost until they do`]);
});

test.each([
  [undefined, {}, undefined],
  [undefined, { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318/" }, "http://c:4318/v1/traces"],
  [undefined, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://c:4318/x" }, "http://c:4318/x"],
  ["http://f:1", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://c:4318" }, "http://f:1/v1/traces"],
  ["nowhere", {}, "the receiver of traces, nowhere/v1/traces: expected an address like http://127.0.0.1:4318"],
] as const)("the receiver named by %s and %j is %s", (flag, env, expected) => {
  const url = otlpUrl(flag, env);
  expect(url.ok ? url.value : url.error).toBe(expected);
});
