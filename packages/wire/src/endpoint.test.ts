import fc from "fast-check";
import { expect, test } from "vitest";
import { formatEndpoint, parseEndpoint } from "./endpoint.js";

test("IPv4 and bracketed IPv6 endpoints survive parsing and formatting", () => {
  for (const endpoint of ["10.0.0.1:23606", "0.0.0.0:0", "[::1]:65535", "[fe80::1]:1"]) {
    const parsed = parseEndpoint(endpoint);
    expect(parsed.ok && formatEndpoint(parsed.value.host, parsed.value.port)).toBe(endpoint);
  }
});

test("anything else is one line that says what was expected", () => {
  for (const endpoint of ["", "1.2.3.4", "1.2.3:1", "::1:1", "[1.2.3.4]:1", "host:1", "1.2.3.4:65536", "1.2.3.4:-1"]) {
    expect(parseEndpoint(endpoint)).toEqual({
      ok: false,
      error: `"${endpoint}" is not an endpoint: expected ip:port, with IPv6 in brackets`,
    });
  }
});

test("an IPv4 peer of a dual-stack socket is shown as IPv4", () => {
  expect(formatEndpoint("::ffff:10.0.0.1", 5)).toBe("10.0.0.1:5");
});

test("no text makes the parser throw, and what it takes names one address", () => {
  const near = fc
    .tuple(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), fc.oneof(fc.nat(70_000).map(String), fc.string()))
    .map(([host, port]) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`));
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const parsed = parseEndpoint(text);
      if (!parsed.ok) return;
      const { host, port } = parsed.value;
      expect(parseEndpoint(formatEndpoint(host, port)).ok).toBe(true);
    }),
  );
});
