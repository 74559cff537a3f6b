import type { TransportName } from "../transport.js";

/** What a client that follows the mark reports. */
export type SwitchEvent =
  | { readonly kind: "begins"; readonly on: TransportName; readonly told: TransportName }
  | { readonly kind: "moves"; readonly from: TransportName; readonly to: TransportName }
  /** It stays for now; it goes on trying while the wish stands. */
  | { readonly kind: "notYet"; readonly from: TransportName; readonly to: TransportName; readonly why: string }
  | { readonly kind: "stays"; readonly from: TransportName; readonly to: TransportName; readonly why: string }
  | { readonly kind: "moved"; readonly from: TransportName; readonly to: TransportName; readonly waited: number };

/** One line for an operator. */
export function describeSwitchEvent(event: SwitchEvent): string {
  switch (event.kind) {
    case "begins":
      return `begins on ${event.on} instead of ${event.told}: the channel was moved there`;
    case "moves":
      return `is asked to move from ${event.from} to ${event.to}`;
    case "notYet":
      return `cannot move from ${event.from} to ${event.to} yet: ${event.why}`;
    case "stays":
      return `stays on ${event.from}, and does not move to ${event.to}: ${event.why}`;
    case "moved":
      return `moved from ${event.from} to ${event.to}; requests were held for ${event.waited} ms`;
  }
}
