import type { Metrics } from "@tandem/daemon";
import type { SyncdEvent } from "../syncd/syncd-event.js";

/** Counts what a syncd tells. */
export function countSyncdEvents(metrics: Metrics): (event: SyncdEvent) => void {
  const requests = metrics.counter({
    name: "tandem_syncd_requests_total",
    help: "Requests executed, by op and status.",
    labels: ["op", "status"],
  });
  const repeated = metrics.counter({
    name: "tandem_syncd_repeated_requests_total",
    help: "Requests that came again after they were settled, answered without effect.",
  });
  const recovered = metrics.counter({
    name: "tandem_syncd_recovered_requests_total",
    help: "Requests begun in an earlier life and finished at the start.",
  });
  const refused = metrics.counter({
    name: "tandem_syncd_rows_refused_total",
    help: "Times that Redis did not take rows.",
  });
  const steps = metrics.counter({
    name: "tandem_syncd_view_steps_total",
    help: "Calls of the ASIC that view changes took.",
  });
  const broken = metrics.gauge({
    name: "tandem_syncd_broken",
    help: "1 when nothing is executed any more: the ASIC is gone, or between two views.",
  });
  const rowsOwed = metrics.gauge({ name: "tandem_syncd_rows_owed", help: "1 while Redis takes no rows." });
  broken.with({}).set(0);
  rowsOwed.with({}).set(0);
  return (event) => {
    switch (event.kind) {
      case "request":
        requests.with({ op: event.op, status: event.status }).inc();
        break;
      case "repeated":
        repeated.with({}).inc();
        break;
      case "recovered":
        recovered.with({}).inc();
        break;
      case "rowsRefused":
        refused.with({}).inc();
        rowsOwed.with({}).set(1);
        break;
      case "rowsSettled":
        rowsOwed.with({}).set(0);
        break;
      case "view":
        steps.with({}).inc(event.steps);
        break;
      case "viewFailed":
        if (event.touched) broken.with({}).set(1);
        break;
      case "asicLost":
        broken.with({}).set(1);
        break;
      default:
        break;
    }
  };
}
