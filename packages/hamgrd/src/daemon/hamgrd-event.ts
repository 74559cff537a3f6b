import { describeRuntimeEvent, type RuntimeEvent } from "@tandem/actor";
import type { EdgeEvent } from "@tandem/swbus/edge";

/** What a hamgrd tells its logs and metrics; `slot` is the DPU slot. */
export type HamgrdEvent =
  /** A row that the slot cannot do without is not there yet, or not usable. */
  | { readonly kind: "waiting"; readonly slot: number; readonly reason: string }
  /** A row of the switch's configuration is not usable; what happens is in `effect`. */
  | {
      readonly kind: "fault";
      readonly slot: number;
      readonly where: string;
      readonly detail: string;
      readonly effect: string;
    }
  /** Every actor of the slot has taken its first step. */
  | { readonly kind: "ready"; readonly slot: number; readonly path: string }
  /** Rows for the DPU now go there. */
  | { readonly kind: "orchagent"; readonly slot: number; readonly endpoint: string }
  /** Region, cluster, host name or bus address changed: the slot starts again under the new ones. */
  | { readonly kind: "moved"; readonly slot: number; readonly from: string; readonly to: string }
  | { readonly kind: "runtime"; readonly slot: number; readonly event: RuntimeEvent }
  | { readonly kind: "edge"; readonly slot: number; readonly event: EdgeEvent };

export type Severity = "error" | "warning" | "info" | "debug";

/** How loud an event is. */
export function severityOf(event: HamgrdEvent): Severity {
  switch (event.kind) {
    case "waiting":
    case "fault":
      return "warning";
    case "ready":
    case "orchagent":
    case "moved":
      return "info";
    case "edge":
      return event.event.kind === "connected" ? "info" : "warning";
    case "runtime":
      switch (event.event.kind) {
        case "badRow":
        case "crashed":
        case "stuck":
        case "storeFailed":
        case "badMessage":
          return "error";
        case "problems":
        case "drift":
        case "mailboxMerged":
          return "warning";
        case "spawned":
        case "retired":
        case "unknownFields":
          return "debug";
        default:
          return "info";
      }
  }
}

/** One line for an operator. */
export function describeHamgrdEvent(event: HamgrdEvent): string {
  const slot = `dpu${event.slot}`;
  switch (event.kind) {
    case "waiting":
      return `${slot}: waits for ${event.reason}`;
    case "fault":
      return `${slot}: ${event.where}: ${event.detail}; ${event.effect}`;
    case "ready":
      return `${slot}: ready as ${event.path}`;
    case "orchagent":
      return `${slot}: orchagent is at ${event.endpoint}`;
    case "moved":
      return `${slot}: was ${event.from}, starts again as ${event.to}`;
    case "runtime":
      return `${slot}: ${describeRuntimeEvent(event.event)}`;
    case "edge":
      return `${slot}: ${describeEdgeEvent(event.event)}`;
  }
}

function describeEdgeEvent(event: EdgeEvent): string {
  switch (event.kind) {
    case "connected":
      return `connected to swbusd at ${event.endpoint}`;
    case "disconnected":
      return `lost swbusd at ${event.endpoint} (${event.detail || `code ${event.code}`}); dials until it is back`;
    case "dialFailed":
      return `swbusd at ${event.endpoint} does not answer (${event.detail}); dials until it does`;
    case "badMessage":
      return `a message from swbusd is not understood (${event.detail}); it is dropped`;
  }
}
