import { invariant } from "@tandem/base";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

/** One metric's declaration: the only place that names it. */
export interface MetricDeclaration<Label extends string> {
  /** `tandem_…`, in Prometheus spelling: base units, `_total` on counters. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
  /** Most label combinations; more are counted together under the value `other`. Default 1,000. */
  readonly seriesMax?: number;
}

/** A metric as documentation names it. */
export interface DeclaredMetric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

export type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** One series: cheap enough for a hot path when kept. */
export interface CounterSeries {
  inc(by?: number): void;
}
export interface GaugeSeries {
  set(value: number): void;
  inc(by?: number): void;
}
export interface HistogramSeries {
  observe(value: number): void;
}

/** A declared metric: `with` gives the series of a label combination. */
export interface Metric<Label extends string, Series> {
  with(labels: Labels<Label>): Series;
  /** Forgets a series: its subject is gone. */
  remove(labels: Labels<Label>): void;
}

const SERIES_MAX = 1000;

/** The metrics of one process, or of one daemon where several share a process. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #declared: DeclaredMetric[] = [];

  /** Every metric that was declared, by name; without those of the process itself. */
  get declared(): readonly DeclaredMetric[] {
    return this.#declared.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Adds what prom-client knows about the process itself: CPU, memory, event loop. Once per process. */
  withProcessMetrics(): this {
    collectDefaultMetrics({ register: this.#registry });
    return this;
  }

  counter<Label extends string = never>(declaration: MetricDeclaration<Label>): Metric<Label, CounterSeries> {
    invariant(declaration.name.endsWith("_total"), `${declaration.name}: a counter's name ends in _total`);
    const counter = new Counter({ ...this.#configuration(declaration, "counter") });
    return new BoundedMetric(declaration, counter, (labels) => counter.labels(labels));
  }

  gauge<Label extends string = never>(declaration: MetricDeclaration<Label>): Metric<Label, GaugeSeries> {
    const gauge = new Gauge({ ...this.#configuration(declaration, "gauge") });
    return new BoundedMetric(declaration, gauge, (labels) => gauge.labels(labels));
  }

  /** A gauge without labels that is read when somebody asks. */
  gaugeOf(declaration: MetricDeclaration<never>, read: () => number): void {
    const gauge: Gauge = new Gauge({ ...this.#configuration(declaration, "gauge"), collect: () => gauge.set(read()) });
  }

  /**
   * A metric whose series are read when somebody asks: whoever counts keeps plain numbers, and pays nothing else while
   * nobody asks. `read` puts each series; a series that it does not put is gone. Series beyond the bound are summed.
   */
  readAtScrape<Label extends string>(
    declaration: MetricDeclaration<Label> & { readonly type: "counter" | "gauge" },
    read: (put: (value: number, labels: Labels<Label>) => void) => void,
  ): void {
    const { type, labels: names = [], seriesMax = SERIES_MAX } = declaration;
    const metric: Counter<Label> | Gauge<Label> = new (type === "counter" ? Counter<Label> : Gauge<Label>)({
      ...this.#configuration(declaration, type),
      collect: () => {
        metric.reset();
        let series = 0;
        read((value, labels) => {
          series += 1;
          const bounded = Object.fromEntries(names.map((name) => [name, series > seriesMax ? "other" : labels[name]]));
          metric.inc(bounded as Record<Label, string>, value);
        });
      },
    });
  }

  histogram<Label extends string = never>(
    declaration: MetricDeclaration<Label> & { readonly buckets: readonly number[] },
  ): Metric<Label, HistogramSeries> {
    const histogram = new Histogram({
      ...this.#configuration(declaration, "histogram"),
      buckets: [...declaration.buckets],
    });
    return new BoundedMetric(declaration, histogram, (labels) => histogram.labels(labels));
  }

  /** Prometheus text exposition format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The value of one series of a counter or gauge; `undefined` when there is none. For tests and `--json` output. */
  async value(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
    const metric = await this.#registry.getSingleMetric(name)?.get();
    return metric?.values.find((value) => {
      const actual: Readonly<Record<string, string | number | undefined>> = value.labels;
      const names = new Set([...Object.keys(actual), ...Object.keys(labels)]);
      return [...names].every((label) => actual[label] === labels[label]);
    })?.value;
  }

  #configuration<Label extends string>(
    declaration: MetricDeclaration<Label>,
    type: DeclaredMetric["type"],
  ): {
    name: string;
    help: string;
    labelNames: Label[];
    registers: [Registry];
  } {
    const { name, help, labels = [] } = declaration;
    invariant(this.#registry.getSingleMetric(name) === undefined, `metric ${name} is declared twice`);
    this.#declared.push({ name, type, help, labels });
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}

/** Keeps the number of series of one metric under its bound. */
class BoundedMetric<Label extends string, Series> implements Metric<Label, Series> {
  readonly #series = new Map<string, Series>();
  readonly #names: readonly Label[];
  readonly #max: number;

  constructor(
    declaration: MetricDeclaration<Label>,
    private readonly metric: { remove(labels: Labels<Label>): void },
    private readonly make: (labels: Labels<Label>) => Series,
  ) {
    this.#names = declaration.labels ?? [];
    this.#max = declaration.seriesMax ?? SERIES_MAX;
    if (this.#names.length === 0) this.with({} as Labels<Label>);
  }

  with(labels: Labels<Label>): Series {
    const key = this.#key(labels);
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    if (this.#series.size < this.#max) return this.#add(key, labels);
    const other = Object.fromEntries(this.#names.map((name) => [name, "other"])) as Labels<Label>;
    const otherKey = this.#key(other);
    return this.#series.get(otherKey) ?? this.#add(otherKey, other);
  }

  remove(labels: Labels<Label>): void {
    if (this.#series.delete(this.#key(labels))) this.metric.remove(labels);
  }

  #add(key: string, labels: Labels<Label>): Series {
    const series = this.make(labels);
    this.#series.set(key, series);
    return series;
  }

  #key(labels: Labels<Label>): string {
    return this.#names.map((name) => labels[name]).join("\0");
  }
}
