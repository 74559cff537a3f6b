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
