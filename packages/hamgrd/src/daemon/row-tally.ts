import { RECORDS_LIMIT, type RowMoment, type RowOwner, type StepRecord } from "@tandem/actor";
import type { CounterSeries, HistogramSeries, Metrics } from "@tandem/daemon";

/** Series of one table. */
interface TableSeries {
  readonly writes: CounterSeries;
  readonly deletes: CounterSeries;
  readonly suppressed: CounterSeries;
  /** Only of tables of a DPU. */
  readonly latency: HistogramSeries | undefined;
}

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Rows and steps of a hamgrd, counted as they are recorded. */
export class RowTally {
  readonly #tables = new Map<string, TableSeries>();
  readonly #steps = new Map<string, HistogramSeries>();
  readonly #table: (slot: string, table: string) => TableSeries;
  readonly #step: (slot: string, type: string) => HistogramSeries;
  /** When the change behind each of the last steps was received, if it was one of a config row; else NaN. */
  readonly #received = new Float64Array(RECORDS_LIMIT).fill(Number.NaN);

  constructor(metrics: Metrics) {
    const labels = ["slot", "table"] as const;
    const writes = metrics.counter({
      name: "tandem_hamgrd_row_writes_total",
      help: "Rows written and acknowledged, by table.",
      labels,
    });
    const deletes = metrics.counter({
      name: "tandem_hamgrd_row_deletes_total",
      help: "Rows deleted and acknowledged, by table.",
      labels,
    });
    const suppressed = metrics.counter({
      name: "tandem_hamgrd_row_writes_suppressed_total",
      help: "Rows that held already what was to be written, by table.",
      labels,
    });
    const latency = metrics.histogram({
      name: "tandem_hamgrd_config_to_dpu_row_seconds",
      help: "From a config row's change being read to the row for the DPU being sent by ZMQ, by table of that row.",
      labels,
      buckets: LATENCY_BUCKETS,
    });
    this.#table = (slot, table) => {
      const series = { slot, table };
      return {
        writes: writes.with(series),
        deletes: deletes.with(series),
        suppressed: suppressed.with(series),
        latency: table.startsWith("DPU_APPL_DB|") ? latency.with(series) : undefined,
      };
    };
    const steps = metrics.histogram({
      name: "tandem_hamgrd_step_seconds",
      help: "From the first change's arrival at an actor to its decision.",
      labels: ["slot", "type"],
      buckets: LATENCY_BUCKETS,
    });
    this.#step = (slot, type) => steps.with({ slot, type });
  }

  recorded({ number, slot, type, delivered, decided, trace }: StepRecord): void {
    this.#received[number % RECORDS_LIMIT] = isConfig(trace.cause) ? trace.received : Number.NaN;
    let steps = this.#steps.get(slot + type);
    if (steps === undefined) {
      steps = this.#step(slotLabel(slot), type);
      this.#steps.set(slot + type, steps);
    }
    steps.observe((decided - delivered) / 1000);
  }

  acknowledged({ row, op, step, written }: RowMoment, { slot }: RowOwner): void {
    const table = row.slice(0, row.indexOf("|", row.indexOf("|") + 1));
    let series = this.#tables.get(slot + table);
    if (series === undefined) {
      series = this.#table(slotLabel(slot), table);
      this.#tables.set(slot + table, series);
    }
    if (op === "del") series.deletes.inc();
    else if (written === undefined) series.suppressed.inc();
    else series.writes.inc();
    const received = this.#received[step % RECORDS_LIMIT] as number;
    if (written !== undefined && !Number.isNaN(received)) series.latency?.observe((written - received) / 1000);
  }
}

/** Rows that somebody configures, not those in which DPUs and pmon report. */
function isConfig(cause: string): boolean {
  return cause.startsWith("CONFIG_DB|") || cause.startsWith("APPL_DB|DASH_HA_");
}

/** `0` of `dpu0`. */
function slotLabel(slot: string): string {
  return slot.replace(/^dpu/, "");
}
