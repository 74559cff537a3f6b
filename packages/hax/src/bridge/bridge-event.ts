import type { ElectionEvent } from "../consul/election.js";
import { type Fid, formatFid } from "../fid.js";
import { describeLinkError, type LinkError, type Trouble } from "../link/ha-link.js";
import type { MessageKind, Reaction } from "./core/reaction.js";

/** What a bridge tells whoever logs and counts. */
export type BridgeEvent =
  | { readonly kind: "message"; readonly type: MessageKind; readonly reaction: Reaction }
  | { readonly kind: "alarm"; readonly type: MessageKind; readonly detail: string }
  /** Only to the letter of the RFC: the process ends. */
  | { readonly kind: "panic"; readonly type: MessageKind; readonly detail: string }
  | {
      readonly kind: "entrypoint";
      readonly process: Fid;
      readonly rc: number;
      readonly took: number;
      readonly because: string;
    }
  | { readonly kind: "stored"; readonly key: string; readonly took: number }
  | { readonly kind: "putFailed"; readonly key: string; readonly failures: number; readonly because: string }
  | { readonly kind: "replaced"; readonly key: string }
  | { readonly kind: "overflow"; readonly queue: "entrypoints" | "events" | "gets" | "watches"; readonly limit: number }
  | { readonly kind: "journaled"; readonly puts: number }
  | { readonly kind: "journalFailed"; readonly because: string }
  | { readonly kind: "answered"; readonly notes: number; readonly took: number; readonly stale: boolean }
  | {
      readonly kind: "broadcast";
      readonly from: "watch" | "poll" | "motr" | "queue" | "restart";
      readonly notes: number;
      readonly links: number;
    }
  /** A process began again, and nobody had noticed that it was gone. `told`: links that heard FAILED. */
  | { readonly kind: "restarted"; readonly process: Fid; readonly told: number }
  | { readonly kind: "fate"; readonly fate: "delivered" | "notDelivered" }
  | { readonly kind: "refusedByLink"; readonly error: LinkError }
  | { readonly kind: "queueItem"; readonly number: number; readonly because: string | undefined }
  | { readonly kind: "queuePruned"; readonly items: number }
  /** Items stay in `bq/` because a node has not done them. */
  | { readonly kind: "queueHeld"; readonly node: string; readonly items: number }
  | { readonly kind: "outageBegan"; readonly because: string }
  | { readonly kind: "outageEnded"; readonly lasted: number }
  | { readonly kind: "badInput"; readonly where: string; readonly detail: string }
  /** Only with `--elect`. */
  | { readonly kind: "election"; readonly election: ElectionEvent }
  | Trouble;

/** One line for people, with how bad it is; nothing for what is only counted. */
export function describeBridgeEvent(
  event: BridgeEvent,
): { readonly level: "error" | "warn" | "info"; readonly text: string } | undefined {
  switch (event.kind) {
    case "alarm":
      return { level: "error", text: `${event.type}: ${event.detail}` };
    case "panic":
      return { level: "error", text: `${event.type}: ${event.detail}; hax ends, as --strict-seed wants it` };
    case "entrypoint":
      return event.rc === 0
        ? { level: "info", text: `entrypoint of ${formatFid(event.process)}: ${event.because}` }
        : { level: "warn", text: `entrypoint of ${formatFid(event.process)}: EAGAIN, ${event.because}` };
    case "restarted": {
      const heard = event.told === 0 ? "nobody had to be told" : `FAILED is told on ${event.told} links`;
      return {
        level: "warn",
        text: `${formatFid(event.process)} was gone and begins again: it counts as STOPPED, ${heard}`,
      };
    }
    case "putFailed":
      return event.failures === 1
        ? { level: "warn", text: `${event.key} is not stored yet: ${event.because}; it is put again until it is` }
        : undefined;
    case "overflow":
      return { level: "error", text: `${event.queue}: ${event.limit} wait already; see docs/hax.md, bounds` };
    case "journalFailed":
      return { level: "error", text: `journal: ${event.because}; events stay unacknowledged until Consul has them` };
    case "refusedByLink":
      return { level: "warn", text: describeLinkError(event.error) };
    case "queueItem":
      return event.because === undefined
        ? undefined
        : { level: "warn", text: `bq/${event.number} ${event.because}; it is marked as read` };
    case "queuePruned":
      return { level: "info", text: `${event.items} items that every node has done left bq/` };
    case "queueHeld":
      return {
        level: "warn",
        text: `${event.items} items stay in bq/: ${event.node} has not done them; if it is gone for good, delete bq-delivered/${event.node}`,
      };
    case "outageBegan":
      return {
        level: "error",
        text: `Consul does not answer: ${event.because}; events wait here, processes are told EAGAIN`,
      };
    case "outageEnded":
      return { level: "info", text: `Consul answers again after ${(event.lasted / 1000).toFixed(1)} s` };
    case "election":
      return describeElection(event.election);
    case "badInput":
      return { level: "warn", text: `${event.where}: ${event.detail}` };
    case "trouble":
      return { level: "warn", text: `${event.peer}: ${event.trouble}: ${event.detail}` };
    default:
      return undefined;
  }
}

function describeElection(event: ElectionEvent): ReturnType<typeof describeBridgeEvent> {
  switch (event.kind) {
    case "elected":
      return { level: "info", text: "this node leads: the RM beside its confd is the principal one" };
    case "deposed":
      return { level: "warn", text: "this node does not lead any more: its session ended" };
    case "staleSessionRemoved":
      return { level: "warn", text: `session ${event.session} held \`leader\` for nobody; it is ended` };
    case "failed":
      return { level: "warn", text: `election: ${event.because}; tried again` };
  }
}
