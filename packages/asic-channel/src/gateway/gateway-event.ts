import { type AsicError, describeAsicError } from "../asic-error.js";
import type { AsicOp } from "../op.js";

/** What a gateway tells while it goes on. */
export type GatewayEvent =
  | { readonly kind: "request"; readonly op: AsicOp; readonly outcome: "replied" | "accepted" | AsicError["kind"] }
  /** An earlier gateway took it and did not finish: it is sent on, perhaps a second time. */
  | { readonly kind: "repeated"; readonly op: AsicOp; readonly key: string }
  /** The side behind takes nothing; the request waits, and all behind it. */
  | { readonly kind: "waits"; readonly op: AsicOp; readonly key: string; readonly error: AsicError }
  | { readonly kind: "goesOn" }
  /** Nobody waits for its reply, and it may not have been executed. */
  | { readonly kind: "lost"; readonly op: AsicOp; readonly key: string; readonly error: AsicError }
  /** It stays in front for the next gateway. */
  | { readonly kind: "left"; readonly op: AsicOp; readonly key: string }
  | { readonly kind: "notification" }
  | { readonly kind: "notificationLost"; readonly name: string; readonly error: AsicError };

/** One line for an operator; absent for what is only counted. */
export function describeGatewayEvent(event: GatewayEvent): string | undefined {
  switch (event.kind) {
    case "repeated":
      return `${event.op} ${event.key} was taken by an earlier gateway; it is sent on, perhaps for the second time`;
    case "waits":
      return `${event.op} ${event.key} waits, and all behind it: ${describeAsicError(event.error)}`;
    case "goesOn":
      return "requests go on";
    case "lost":
      return `${event.op} ${event.key}: nobody waits for its reply, and it may be lost: ${describeAsicError(event.error)}`;
    case "left":
      return `${event.op} ${event.key} stays in front for the next gateway`;
    case "notificationLost":
      return `${event.name} is not told in front: ${describeAsicError(event.error)}`;
    default:
      return undefined;
  }
}
