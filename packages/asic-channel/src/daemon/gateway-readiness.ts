import type { GatewayEvent } from "../gateway/gateway-event.js";

/** Whether the side behind takes what comes in front, as far as the newest request tells. */
export class GatewayReadiness {
  #waits = false;
  #answered = true;

  get ok(): boolean {
    return !this.#waits && this.#answered;
  }

  hear(event: GatewayEvent): void {
    switch (event.kind) {
      case "waits":
        this.#waits = true;
        break;
      case "goesOn":
        this.#waits = false;
        break;
      case "request":
        // An invalid one is the fault of whoever made it.
        this.#answered = ["replied", "accepted", "invalidRequest"].includes(event.outcome);
        break;
      default:
        break;
    }
  }
}
