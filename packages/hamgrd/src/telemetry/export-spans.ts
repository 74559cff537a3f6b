import { createHash } from "node:crypto";
import { RECORDS_LIMIT, type StepRecord, type StepRecords, summarizeStep } from "@tandem/actor";
import { err, ok, type Result } from "@tandem/base";
import type { DaemonLogger, Environment } from "@tandem/daemon";
import { OtlpExporter } from "./otlp.js";
import { rowSpans, type SpanData, stepSpans, wallOffset } from "./spans.js";

/** Spans that wait for their receiver; further ones are dropped. */
const SPANS_WAITING_MAX = 4096;
const BATCH_MAX = 512;

export interface SpanExportOptions {
  readonly records: StepRecords;
  /** Where a slot's actors live, for ids that hold in the whole cluster. */
  readonly pathOf: (slot: string) => string;
  /** Whole address of the receiver, `…/v1/traces`. */
  readonly url: string;
  readonly resource: Readonly<Record<string, string | number>>;
  readonly logger: Pick<DaemonLogger, "warn" | "info">;
}

/** The receiver that flag or environment name; `undefined`: spans are not exported. */
export function otlpUrl(flag: string | undefined, env: Environment): Result<string | undefined, string> {
  const whole = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  const base = flag ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  const text = flag === undefined && whole !== undefined ? whole : base && `${base.replace(/\/+$/, "")}/v1/traces`;
  if (text === undefined || text === "") return ok(undefined);
  return /^https?:\/\/[^/\s]+\//.test(text) && URL.canParse(text)
    ? ok(text)
    : err(`the receiver of traces, ${text}: expected an address like http://127.0.0.1:4318`);
}

/** What is kept of a step until its rows are acknowledged. */
interface OpenStep {
  readonly number: number;
  readonly traceId: string;
  readonly parent: string;
  readonly offset: number;
}

/**
 * Exports steps and rows as OpenTelemetry spans: a trace per change, over all processes that it sets in motion. The
 * libraries are loaded here and nowhere else, so that a process without a receiver never has them.
 */
export async function exportSpans(options: SpanExportOptions): Promise<AsyncDisposable> {
  const { records, pathOf, url, resource, logger } = options;
  const { ROOT_CONTEXT, TraceFlags, trace } = await import("@opentelemetry/api");
  const { BasicTracerProvider, BatchSpanProcessor } = await import("@opentelemetry/sdk-trace-base");
  let failing = false;
  const exporter = new OtlpExporter(
    url,
    resource,
    (detail) => {
      if (!failing) logger.warn(`traces do not reach ${url} (${detail}); they are lost until they do`);
      failing = true;
    },
    () => {
      if (failing) logger.info(`traces reach ${url} again`);
      failing = false;
    },
  );
  const processor = new BatchSpanProcessor(exporter, {
    maxQueueSize: SPANS_WAITING_MAX,
    maxExportBatchSize: BATCH_MAX,
    scheduledDelayMillis: 1000,
  });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer("tandem");
  const open = new Array<OpenStep | undefined>(RECORDS_LIMIT);

  const emit = (spans: readonly SpanData[], traceId: string, parent: string): string => {
    const { SAMPLED: traceFlags } = TraceFlags;
    const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: parent, traceFlags, isRemote: true });
    let last = parent;
    for (const { name, start, end, attributes } of spans) {
      const span = tracer.startSpan(name, { startTime: new Date(start), attributes: { ...attributes } }, context);
      span.end(new Date(end));
      last = span.spanContext().spanId;
    }
    return last;
  };
  const onRecord = (step: StepRecord): void => {
    const id = summarizeStep(step, { path: pathOf(step.slot), boot: records.boot }).trace.id;
    const digest = createHash("sha256").update(id).digest("hex");
    const traceId = digest.slice(0, 32);
    const decided = emit(stepSpans(step), traceId, digest.slice(32, 48));
    const { number } = step;
    open[number % RECORDS_LIMIT] = { number, traceId, parent: decided, offset: wallOffset(step) };
  };
  const stops = [
    records.onRecord(onRecord),
    records.onAcknowledged((row) => {
      const step = open[row.step % RECORDS_LIMIT];
      if (step?.number === row.step) emit(rowSpans(row, step.offset), step.traceId, step.parent);
    }),
  ];
  return {
    async [Symbol.asyncDispose]() {
      for (const stop of stops) stop();
      await provider.shutdown();
    },
  };
}
