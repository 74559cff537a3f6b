import { expect, test } from "vitest";
import { GatewayReadiness } from "./gateway-readiness.js";

test("a gateway is ready unless a request waits, or the newest one got no answer behind", () => {
  const readiness = new GatewayReadiness();
  expect(readiness.ok).toBe(true);
  readiness.hear({ kind: "waits", op: "create", key: "K", error: { kind: "refused", reason: "no server" } });
  expect(readiness.ok).toBe(false);
  readiness.hear({ kind: "goesOn" });
  readiness.hear({ kind: "request", op: "create", outcome: "unknown" });
  expect(readiness.ok).toBe(false);
  readiness.hear({ kind: "request", op: "create", outcome: "invalidRequest" });
  expect(readiness.ok).toBe(true);
  readiness.hear({ kind: "request", op: "create", outcome: "refused" });
  readiness.hear({ kind: "request", op: "create", outcome: "replied" });
  expect(readiness.ok).toBe(true);
});
