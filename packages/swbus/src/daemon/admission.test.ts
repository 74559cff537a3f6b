import { describe, expect, test } from "vitest";
import { parseServicePath } from "../service-path.js";
import { swbusConfig } from "../testing/swbus-world.js";
import { type Admission, admit, claimOf } from "./admission.js";
import { isOnThisHost, ownAddresses } from "./own-host.js";

const SELF = parseServicePath("r.c.n");
const metadata = (path: string, type: string) => ({
  "x-swbus-service-path": path,
  "x-swbus-connection-type": `CONNECTION_TYPE_${type}`,
});

function reasonOf(path: string, type: string, change: Partial<Admission> = {}, ...uris: readonly string[]): string {
  const certificate = uris.length === 0 ? undefined : { subject: "CN=x", serial: "1", uris };
  const isOwn = SELF.equals.bind(SELF);
  const visitor = admit(metadata(path, type), { self: SELF, isOwn, local: true, certificate, ...change });
  return visitor.ok ? "" : visitor.error.reason;
}

const cases: readonly [path: string, type: string, uri: string, reason: string][] = [
  ["r.c.m////", "IN_CLUSTER", "swbus:/r.c.m", ""],
  ["r.c.m////", "IN_REGION", "swbus:/r.c.m", ""],
  ["r.c.m////", "IN_CLUSTER", "swbus:/r.c.o", "certificateName"],
  ["r.c.m////", "IN_CLUSTER", "swbus:/r.c.m/hamgrd", "certificateName"],
  ["r.c.m////", "IN_CLUSTER", "https://m", "certificateName"],
  ["r.c.n////", "IN_CLUSTER", "swbus:/r.c.n", "ownPath"],
  ["r.c.n/hamgrd/0", "IN_NODE", "swbus:/r.c.n", ""],
  ["r.c.n/hamgrd/0", "IN_NODE", "swbus:/r.c.n/hamgrd", ""],
  ["r.c.n/hamgrd/0", "CLIENT", "swbus:/r.c.n/swbus-cli", "certificateName"],
  ["r.c.n/hamgrd/0", "IN_NODE", "swbus:/r.c.m", "certificateName"],
  ["r.c.m/hamgrd/0", "IN_NODE", "swbus:/r.c.m", "otherNode"],
];
describe("with a certificate", () => {
  for (const [path, type, uri, reason] of cases)
    test(`of ${uri}, ${path} as ${type} is ${reason === "" ? "let in" : `refused: ${reason}`}`, () =>
      expect(reasonOf(path, type, {}, uri)).toBe(reason));
});

test("local services and tools of another host are refused, whatever they prove", () => {
  for (const type of ["IN_NODE", "CLIENT"]) {
    expect(reasonOf("r.c.n/hamgrd/0", type, { local: false })).toBe("otherHost");
    expect(reasonOf("r.c.n/hamgrd/0", type, { local: false }, "swbus:/r.c.n")).toBe("otherHost");
  }
  expect(reasonOf("r.c.m", "IN_CLUSTER", { local: false })).toBe("");
});

test("a connection is of this host when it comes from loopback, from where it goes, or from an own address", () => {
  const own = ownAddresses({ ...swbusConfig("10.1.0.32:1", ["r.c.n"]), npuIpv6: "fc00::1" });
  const hosts: readonly [string, string, boolean][] = [
    ["127.0.0.1:5", "127.10.0.1:1", true],
    ["[::1]:5", "[::1]:1", true],
    ["10.1.0.32:5", "10.1.0.32:1", true],
    ["10.2.0.1:5", "10.2.0.1:1", true],
    ["[fc00::1]:5", "10.1.0.32:1", true],
    ["10.1.0.33:5", "10.1.0.32:1", false],
    ["[fc00::2]:5", "[fc00::1]:1", false],
  ];
  for (const [remote, local, here] of hosts) expect(isOnThisHost(remote, local, own), remote).toBe(here);
});

test("what a stream claims is shown, not all of it", () => {
  expect(claimOf(metadata("r.c.m", "IN_CLUSTER"))).toBe("r.c.m as IN_CLUSTER");
  expect(claimOf({})).toBe("no path as no connection type");
  expect(claimOf(metadata("x".repeat(5000), "CLIENT"))).toHaveLength(121);
});
