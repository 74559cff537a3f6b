import { describeRuntimeEvent, type RuntimeEvent } from "@tandem/actor";
import type { EdgeEvent } from "@tandem/swbus/edge";

/** What a hamgrd tells its logs and metrics; `slot` is the DPU slot. docs/bad-input.md. */
export type HamgrdEvent =
  /** The configuration that the slot cannot do without is not there yet, or not usable any more. */
  | { readonly kind: "waiting"; readonly slot: number; readonly reason: string }
  /** What a running slot was told to be `waiting` for is there again. */
  | { readonly kind: "mended"; readonly slot: number }
  /** Every actor of the slot has taken its first step. */
  | { readonly kind: "ready"; readonly slot: number; readonly path: string }
  /** Rows for the DPU now go there. */
  | { readonly kind: "orchagent"; readonly slot: number; readonly endpoint: string }
  /** Region, cluster, host name or bus address changed: the slot starts again under the new ones. */
  | { readonly kind: "moved"; readonly slot: number; readonly from: string; readonly to: string }
  | { readonly kind: "runtime"; readonly slot: number; readonly event: RuntimeEvent }
  | { readonly kind: "edge"; readonly slot: number; readonly event: EdgeEvent }
  /** Of an input table. `container` is `dpu<slot>`, or empty for the switch's tables, which all slots share. */
  | { readonly kind: "table"; readonly container: string; readonly event: RuntimeEvent }
  /** A Redis does not answer; `container` as above. */
  | { readonly kind: "databaseLost"; readonly container: string; readonly detail: string }
  | { readonly kind: "databaseBack"; readonly container: string };

export type Severity = "error" | "warning" | "info" | "debug";

/** How loud an event is. */
export function severityOf(event: HamgrdEvent): Severity {
  switch (event.kind) {
    case "databaseLost":
      return "error";
    case "waiting":
      return "warning";
    case "ready":
    case "orchagent":
    case "moved":
    case "mended":
    case "databaseBack":
      return "info";
    case "edge":
      return event.event.kind === "connected" ? "info" : "warning";
    case "runtime":
    case "table":
      return severityOfRuntime(event.event);
  }
}

function severityOfRuntime(event: RuntimeEvent): Severity {
  switch (event.kind) {
    case "badRow":
    case "crashed":
    case "stuck":
    case "storeFailed":
    case "badMessage":
      return "error";
    case "problems":
      return event.problems.length === 0 ? "info" : "warning";
    case "drift":
    case "mailboxMerged":
      return "warning";
    case "spawned":
    case "retired":
      return "debug";
    default:
      return "info";
  }
}

/** One line for an operator. */
export function describeHamgrdEvent(event: HamgrdEvent): string {
  switch (event.kind) {
    case "waiting":
      return `dpu${event.slot}: waits for ${event.reason}`;
    case "mended":
      return `dpu${event.slot}: its configuration is good again`;
    case "ready":
      return `dpu${event.slot}: ready as ${event.path}`;
    case "orchagent":
      return `dpu${event.slot}: orchagent is at ${event.endpoint}`;
    case "moved":
      return `dpu${event.slot}: was ${event.from}, starts again as ${event.to}`;
    case "runtime":
      return `dpu${event.slot}: ${describeRuntimeEvent(event.event)}`;
    case "edge":
      return `dpu${event.slot}: ${describeEdgeEvent(event.event)}`;
    case "table":
      return `${placeOf(event.container)}: ${describeRuntimeEvent(event.event)}`;
    case "databaseLost":
      return `${placeOf(event.container)}: Redis does not answer (${event.detail}); what stands stays, tried again until it does`;
    case "databaseBack":
      return `${placeOf(event.container)}: Redis answers again; everything is read again`;
  }
}

/** Whose a container is, for people and metrics. */
export function placeOf(container: string): string {
  return container === "" ? "switch" : container;
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
