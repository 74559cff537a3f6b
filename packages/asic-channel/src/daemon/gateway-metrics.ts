import type { Metrics } from "@tandem/daemon";
import type { GatewayEvent } from "../gateway/gateway-event.js";

/** Counts what a gateway tells. */
export function countGatewayEvents(metrics: Metrics): (event: GatewayEvent) => void {
  const requests = metrics.counter({
    name: "tandem_asic_gateway_requests_total",
    help: "Requests passed on, by op and by what became of them behind.",
    labels: ["op", "outcome"],
  });
  const repeated = metrics.counter({
    name: "tandem_asic_gateway_repeated_requests_total",
    help: "Requests that an earlier gateway had taken and not finished.",
  });
  const lost = metrics.counter({
    name: "tandem_asic_gateway_lost_requests_total",
    help: "Requests that nobody waits for and that may not have been executed.",
  });
  const told = metrics.counter({
    name: "tandem_asic_gateway_notifications_total",
    help: "Events passed back.",
  });
  const untold = metrics.counter({
    name: "tandem_asic_gateway_lost_notifications_total",
    help: "Events that the client in front did not take.",
  });
  const waits = metrics.gauge({
    name: "tandem_asic_gateway_waits",
    help: "1 while the side behind takes nothing, and requests wait in front.",
  });
  waits.with({}).set(0);
  return (event) => {
    switch (event.kind) {
      case "request":
        requests.with({ op: event.op, outcome: event.outcome }).inc();
        break;
      case "repeated":
        repeated.with({}).inc();
        break;
      case "lost":
        lost.with({}).inc();
        break;
      case "notification":
        told.with({}).inc();
        break;
      case "notificationLost":
        untold.with({}).inc();
        break;
      case "waits":
        waits.with({}).set(1);
        break;
      case "goesOn":
        waits.with({}).set(0);
        break;
      default:
        break;
    }
  };
}
