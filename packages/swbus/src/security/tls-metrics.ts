import type { Millis } from "@tandem/base";
import type { Metrics } from "@tandem/daemon";

/** Publishes when the certificates of the bus end; what it gives counts each reading of new ones. */
export function publishTls(metrics: Metrics, validTo: () => Millis): (result: string) => void {
  const count = metrics.counter({
    name: "tandem_tls_reloads_total",
    help: "Readings of new certificate files, by result; with certificates only.",
    labels: ["result"],
  });
  metrics.gaugeOf(
    {
      name: "tandem_tls_certificates_expire_timestamp_seconds",
      help: "When the first of our certificate and those of the CAs ends, seconds since the epoch; with certificates only.",
    },
    () => validTo() / 1000,
  );
  return (result) => count.with({ result }).inc();
}
