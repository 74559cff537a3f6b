/** What a syncd did, for its log and metrics. */
export type SyncdEvent =
  | { readonly kind: "request"; readonly op: string; readonly status: string }
  /** Same id as before: answered from the journal, without effect. */
  | { readonly kind: "repeated"; readonly op: string }
  /** A request of an earlier life was finished. */
  | { readonly kind: "recovered"; readonly op: string; readonly key: string; readonly status: string }
  | { readonly kind: "discovered"; readonly objects: number }
  | { readonly kind: "view"; readonly to: "init" | "apply"; readonly steps: number }
  | { readonly kind: "viewFailed"; readonly why: string; readonly touched: boolean }
  | { readonly kind: "booted"; readonly how: "first" | "cold" | "taken over"; readonly objects: number }
  | { readonly kind: "rowsRefused"; readonly why: string }
  | { readonly kind: "rowsSettled" }
  /** Redis came back without its data, and has it again. */
  | { readonly kind: "restored"; readonly rows: number }
  | { readonly kind: "asicLost"; readonly why: string }
  | { readonly kind: "warning"; readonly text: string };

/** One line for people. */
export function describeSyncdEvent(event: SyncdEvent): string {
  switch (event.kind) {
    case "request":
      return `${event.op}: ${event.status}`;
    case "repeated":
      return `${event.op} came again: answered as before, without effect`;
    case "recovered":
      return `${event.op} ${event.key}, begun in an earlier life, is finished: ${event.status}`;
    case "discovered":
      return `the switch came with ${event.objects} objects`;
    case "view":
      return event.to === "init" ? "a new view is being built" : `the new view is applied, in ${event.steps} steps`;
    case "viewFailed":
      return `the new view is not applied: ${event.why}${event.touched ? "; the ASIC is between two views" : "; nothing is changed"}`;
    case "booted":
      return event.how === "taken over"
        ? `the ASIC is taken over as it stands, with ${event.objects} objects`
        : `${event.how} boot, ${event.objects} objects from rows`;
    case "rowsRefused":
      return `rows are not written: ${event.why}`;
    case "rowsSettled":
      return "rows are written again";
    case "restored":
      return `Redis came back without its data: ${event.rows} rows are written again from the ASIC`;
    case "asicLost":
      return event.why;
    case "warning":
      return event.text;
  }
}
