import { describe, expect, test } from "vitest";
import { ALERTS } from "./alerts.js";
import { evaluate, formatExpression, parseSamples, type SampleValue } from "./expression.js";

const alert = (name: string) => {
  const found = ALERTS.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no alert ${name}`);
  return found.expression;
};
const sample = (name: string, value: number, labels: Readonly<Record<string, string>> = {}): SampleValue => ({
  ...{ name, value, labels },
});

describe("an alert's condition", () => {
  const crashes = "tandem_hamgrd_actor_crashes_total";
  const ends = "tandem_tls_certificates_expire_timestamp_seconds";
  const cases = [
    { name: "TandemActorCrashes", now: [sample(crashes, 5)], before: [sample(crashes, 2)], fires: true },
    { name: "TandemActorCrashes", now: [sample(crashes, 5)], before: [sample(crashes, 4)], fires: false },
    { name: "TandemActorCrashes", now: [sample(crashes, 3)], before: [], fires: true },
    { name: "TandemBusPeerDown", now: [sample("tandem_swbusd_peers_down", 1)], before: [], fires: true },
    { name: "TandemBusPeerDown", now: [sample("tandem_swbusd_peers_down", 0)], before: [], fires: false },
    {
      name: "TandemRecordLinesLost",
      now: [sample("tandem_hamgrd_record_lines_lost_total", 1)],
      before: [],
      fires: true,
    },
    { name: "TandemCertificateExpires", now: [sample(ends, 1000 + 6 * 86_400)], before: [], fires: true },
    { name: "TandemCertificateExpires", now: [sample(ends, 1000 + 8 * 86_400)], before: [], fires: false },
    {
      name: "TandemMessagesNotUnderstood",
      now: [sample("tandem_hamgrd_messages_not_understood_total", 1)],
      before: [],
      fires: true,
    },
  ];
  for (const { name, now, before, fires } of cases)
    test(`${name} ${fires ? "holds" : "does not hold"} with ${JSON.stringify(now[0]?.value)}`, () =>
      expect(evaluate(alert(name), { now, before, at: 1000 }).length > 0).toBe(fires));
});

test("expressions are printed as PromQL", () => {
  expect(formatExpression(alert("TandemBothStandalone"))).toBe(
    'count by (scope) (tandem_hamgrd_ha_state{state="standalone"}) >= 2',
  );
  expect(formatExpression(alert("TandemPendingOperationUnanswered"))).toBe(
    "tandem_hamgrd_pending_operation_age_seconds > on (instance, slot) group_left () tandem_hamgrd_pending_operation_limit_seconds",
  );
  expect(formatExpression(alert("TandemActorCrashes"))).toBe("increase(tandem_hamgrd_actor_crashes_total[10m]) > 2");
});

test("samples are read off Prometheus text, whatever stands in a label", () => {
  const text = '# HELP a A.\na 1\na_total{x="1",y="{,\\"}"} 2.5\nbroken{\n';
  expect(parseSamples(text)).toEqual([
    { name: "a", labels: {}, value: 1 },
    { name: "a_total", labels: { x: "1", y: '{,\\"}' }, value: 2.5 },
  ]);
});
