import { unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { haxConfig, parseHaxFile, parseHaxFlags } from "./hax-config.js";

function configured(...argv: readonly string[]) {
  const flags = unwrap(parseHaxFlags(argv));
  if (flags === "help") throw new Error("help was not asked for");
  return haxConfig(flags.raw);
}

test("TLS, ACL, namespace and partition of Consul, as they are given", () => {
  const tls = ["--consul", "https://127.0.0.1:8501", "--consul-ca", "ca", "--consul-cert", "c,k"];
  const more = ["--consul-token-file", "t", "--consul-namespace", "storage", "--consul-partition", "east"];
  expect(unwrap(configured(...tls, ...more))).toMatchObject({
    ...{ consulCa: "ca", consulCert: ["c", "k"], consulTokenFile: "t" },
    ...{ consulNamespace: "storage", consulPartition: "east" },
  });
});

test("HTTPS has a CA of its callers where one is given, and what is told with a process is one of three", () => {
  expect(unwrap(configured("--http-tls", "c,k"))).toMatchObject({ httpTls: ["c", "k"], expand: "services" });
  expect(unwrap(configured("--http-tls", "c,k,ca", "--no-expand"))).toMatchObject({
    ...{ httpTls: ["c", "k", "ca"], expand: "processes" },
  });
  expect(unwrap(configured("--expand-tree")).expand).toBe("tree");
});

test.each([
  [["--consul-ca", "ca"], "expected an https:// address at --consul"],
  [["--consul-cert", "c"], "--consul-cert: expected CERT,KEY"],
  [["--http-tls", "c"], "--http-tls: expected CERT,KEY or CERT,KEY,CA"],
  [["--consul", "127.0.0.1:8500"], "expected http://HOST:PORT"],
  [["--no-expand", "--expand-tree"], "expected one"],
  [["--body-max", "1"], "expected bytes"],
  [["--view-max", "x"], "expected seconds"],
  [["--stob-ioq", "moon"], "expected ignore or queue"],
])("%j is refused: %s", (argv, says) => {
  expect(configured(...argv)).toMatchObject({ ok: false, error: expect.stringContaining(says) });
});

test.each([
  ["[]", "expected a JSON object"],
  ["{", "is not JSON"],
  ['{"moon": "x"}', "moon: no such setting"],
  ['{"listen": "x"}', "listen: expected an array of texts"],
  ['{"strict-seed": "yes"}', "strict-seed: expected true or false"],
])("a config file %j is refused with its name: %s", (text, says) => {
  expect(parseHaxFile("hax.json", text)).toMatchObject({ error: expect.stringMatching(`^hax.json: .*${says}`) });
});
