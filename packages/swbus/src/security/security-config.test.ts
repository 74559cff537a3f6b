import { describe, expect, test } from "vitest";
import { BUS_LIMITS, parseSecurity } from "./security-config.js";

const FILE = "/etc/tandem/bus.yaml";
const TLS = "tls:\n  cert: a.pem\n  key: /keys/a.key\n  ca: ca.pem\n";

test("paths start at the folder of the file; what is not said has its default", () => {
  expect(parseSecurity(`${TLS}limits:\n  streams: 7\n`, FILE, true)).toEqual({
    ok: true,
    value: {
      tls: { paths: { cert: "/etc/tandem/a.pem", key: "/keys/a.key", ca: "/etc/tandem/ca.pem" }, loopback: false },
      limits: { ...BUS_LIMITS, streams: 7 },
    },
  });
  expect(parseSecurity("{}", FILE, true)).toEqual({ ok: true, value: { limits: BUS_LIMITS } });
});

test("beside the members of swbusd's own file it has nothing to say about others", () => {
  expect(parseSecurity("endpoint: x\nroutes: []\n", FILE, false)).toEqual({ ok: true, value: { limits: BUS_LIMITS } });
});

describe("a fault names file, line and member, and nothing is half used:", () => {
  const cases: readonly [string, string][] = [
    ["tls: {", `${FILE}:1:7: not YAML: `],
    ["- a", `${FILE}: expected a map with tls and limits`],
    [`${TLS}tsl: {}`, `${FILE}:5 tsl: unknown: expected tls or limits`],
    ["tls: yes", `${FILE}:1 tls: expected a map with cert, key and ca`],
    ["tls:\n  cert: a\n  key: b\n", `${FILE}:2 tls.ca: expected the path of a PEM file`],
    ["tls:\n  cert: 7\n  key: b\n  ca: c\n", `${FILE}:2 tls.cert: expected the path of a PEM file`],
    [`${TLS}  cacert: x\n`, `${FILE}:5 tls.cacert: unknown: expected cert, key, ca or loopback`],
    [`${TLS}  loopback: maybe\n`, `${FILE}:5 tls.loopback: expected true or false`],
    ["limits:\n  stream: 1\n", `${FILE}:2 limits.stream: unknown: expected one of connections, `],
    ["limits:\n  streams: 0\n", `${FILE}:2 limits.streams: 0 is not a whole number from 1 to 65536`],
    ["limits:\n  streams: many\n", `${FILE}:2 limits.streams: "many" is not a whole number from 1 to 65536`],
    ["limits: 7", `${FILE}:1 limits: expected a map`],
  ];
  for (const [text, error] of cases)
    test(JSON.stringify(text), () => {
      const parsed = parseSecurity(text, FILE, true);
      expect(parsed.ok ? "" : parsed.error).toContain(error);
    });
});
