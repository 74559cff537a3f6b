import type { DaemonLogger, Metrics } from "@tandem/daemon";
import { type ChannelTrouble, describeChannelTrouble } from "../channel-trouble.js";
import type { TransportName } from "../transport.js";

/** Logs what an end of a channel has to say while it goes on, and counts it. */
export function watchTroubles(
  metrics: Metrics,
  logger: Pick<DaemonLogger, "warn">,
): (transport: TransportName) => (trouble: ChannelTrouble) => void {
  const troubles = metrics.counter({
    name: "tandem_asic_channel_troubles_total",
    help: "What went wrong at an end of a channel while it went on: bytes that are no request, losses, refusals.",
    labels: ["transport", "kind"],
  });
  return (transport) => (trouble) => {
    troubles.with({ transport, kind: trouble.kind }).inc();
    logger.warn(`${transport}: ${describeChannelTrouble(trouble)}`);
  };
}
