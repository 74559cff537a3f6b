import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace-base";

/** A receiver that does not answer within this time (ms) loses the batch. */
const EXPORT_WITHIN = 5000;

/** Why a batch did not arrive; one line. */
export type OnExportFailure = (detail: string) => void;

type Attributes = Readonly<Record<string, unknown>>;

/**
 * Sends spans as OTLP over HTTP in JSON. What a receiver refuses, or does not take in time, is lost: spans are for
 * looking at, and nothing waits for them.
 */
export class OtlpExporter implements SpanExporter {
  readonly #url: string;
  readonly #resource: Attributes;
  readonly #onFailure: OnExportFailure;
  readonly #onSuccess: () => void;

  constructor(url: string, resource: Attributes, onFailure: OnExportFailure, onSuccess: () => void) {
    this.#url = url;
    this.#resource = resource;
    this.#onFailure = onFailure;
    this.#onSuccess = onSuccess;
  }

  export(spans: ReadableSpan[], done: (result: { code: number; error?: Error }) => void): void {
    void this.#send(spans).then((detail) => {
      if (detail === undefined) this.#onSuccess();
      else this.#onFailure(detail);
      // A failure is told here, once; to the processor each batch is done with.
      done({ code: 0 });
    });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }

  async #send(spans: readonly ReadableSpan[]): Promise<string | undefined> {
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(otlpBody(spans, this.#resource)),
        signal: AbortSignal.timeout(EXPORT_WITHIN),
      });
      await response.arrayBuffer();
      return response.ok ? undefined : `status ${response.status}`;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

/** `ExportTraceServiceRequest` in JSON: ids in hex, times in nanoseconds as text. */
function otlpBody(spans: readonly ReadableSpan[], resource: Attributes): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [
          {
            scope: { name: "tandem" },
            spans: spans.map((span) => ({
              traceId: span.spanContext().traceId,
              spanId: span.spanContext().spanId,
              parentSpanId: span.parentSpanContext?.spanId ?? "",
              name: span.name,
              kind: 1,
              startTimeUnixNano: nanoseconds(span.startTime),
              endTimeUnixNano: nanoseconds(span.endTime),
              attributes: attributesOf(span.attributes),
            })),
          },
        ],
      },
    ],
  };
}

function nanoseconds([seconds, nanos]: readonly [number, number]): string {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(Math.round(nanos)));
}

function attributesOf(attributes: Attributes): readonly object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === "number" ? { doubleValue: value } : { stringValue: String(value) },
  }));
}
