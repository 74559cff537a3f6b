import { expect, test } from "vitest";
import { renderHop, renderPing, renderRoutes } from "./bus.js";

const answered = { kind: "answered", ttl: 62, elapsedMs: 10.578, from: "r.c.n", hops: 2 } as const;
const refused = { kind: "refused", from: "r.c.n", code: "NO_ROUTE", text: "Route not found" } as const;

test("ping lines are those of swbus-cli", () => {
  expect(renderPing(0, answered)).toBe("Response received: ping_seq=0, ttl=62, time=10.578ms\n");
  expect(renderPing(1, refused)).toBe("ping_seq 1: r.c.n => NO_ROUTE:Route not found\n");
  expect(renderPing(2, { kind: "timeout" })).toBe("ping_seq 2: request timeout\n");
});

test("hop lines are those of swbus-cli", () => {
  expect(renderHop(1, answered)).toBe("1  r.c.n  10.578ms  2 hops\n");
  expect(renderHop(2, refused)).toBe("2  r.c.n  NO_ROUTE(Route not found)\n");
  expect(renderHop(3, { kind: "timeout" })).toBe("3  *  *  *\n");
});

test("routes are an ASCII table in swbus-cli's order of columns", () => {
  const route = {
    service_path: "r.c.n2",
    hop_count: 1,
    nh_id: "swbs-to://10.0.0.2:23606",
    route_scope: "ROUTE_SCOPE_IN_CLUSTER",
    nh_service_path: "r.c.n2",
  };
  expect(renderRoutes([route])).toBe(
    `+--------------+-----------+--------------------------+------------------------+-----------------+
| service_path | hop_count | nh_id                    | route_scope            | nh_service_path |
+--------------+-----------+--------------------------+------------------------+-----------------+
| r.c.n2       | 1         | swbs-to://10.0.0.2:23606 | ROUTE_SCOPE_IN_CLUSTER | r.c.n2          |
+--------------+-----------+--------------------------+------------------------+-----------------+
`,
  );
});
