import { err, type Result, unwrap } from "@tandem/base";
import { memoryFiles } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { CONTEXT_DEFAULT } from "../context-config.js";
import { loadContexts } from "./context-file.js";
import { parseSyncdFlags, type SyncdFlags, servedOf } from "./syncd-flags.js";

const DEFAULTS = { start: "auto", guid: 0, asic: "/var/run/tandem/asic0.sock" };

const parseFlags = (argv: readonly string[]): Result<SyncdFlags, string> => {
  const parsed = parseSyncdFlags(argv);
  return parsed.ok && parsed.value === "help" ? err("help") : (parsed as Result<SyncdFlags, string>);
};

const right = [
  { argv: [], flags: {} },
  { argv: ["--serve", "list-pubsub,streams"], flags: { serve: ["list-pubsub", "streams"] } },
  { argv: ["-z", "redis_async"], flags: { upstreamMode: "redis_async" } },
  { argv: ["-z", "redis_async", "-s"], flags: { upstreamMode: "redis_sync" } },
  { argv: ["-s"], flags: { upstreamMode: "redis_sync" } },
  { argv: ["-g", "1", "-t", "warm"], flags: { guid: 1, start: "warm", asic: "/var/run/tandem/asic1.sock" } },
  { argv: ["--metrics-port", "9100", "--asic", "/a"], flags: { metricsPort: 9100, asic: "/a" } },
] as const;
for (const { argv, flags } of right)
  test(`"asic syncd ${argv.join(" ")}" is understood`, () => {
    expect(parseSyncdFlags(argv)).toEqual({ ok: true, value: { ...DEFAULTS, ...flags } });
  });

test.each([
  [["--serve", "carrier-pigeon"], "--serve carrier-pigeon: expected one of list-pubsub, streams, grpc"],
  [["--serve", "streams,streams"], "streams is named twice"],
  [["-z", "redis"], "-z redis: expected one of redis_async, redis_sync, zmq_sync"],
  [["--start", "hot"], "--start hot: expected one of auto, cold, warm, fast, fastfast, express"],
  [["-g", "256"], "-g 256: expected a number from 0 to 255"],
  [["--metrics-port", "x"], "--metrics-port x: expected a port"],
  [["extra"], "extra"],
])("%j is wrong usage", (argv, says) => {
  const parsed = parseSyncdFlags(argv);
  expect(parsed.ok ? "" : parsed.error).toContain(says);
});

const served = [
  { argv: [], zmqEnable: undefined, serve: ["streams"], mode: "sync", warned: false },
  { argv: ["-z", "redis_async"], zmqEnable: undefined, serve: ["list-pubsub"], mode: "async", warned: false },
  { argv: ["-z", "zmq_sync"], zmqEnable: undefined, serve: ["zmq"], mode: "sync", warned: false },
  { argv: ["-z", "zmq_sync"], zmqEnable: false, serve: ["list-pubsub"], mode: "sync", warned: true },
  { argv: ["--serve", "zmq,streams"], zmqEnable: false, serve: ["streams"], mode: "sync", warned: true },
  { argv: ["-z", "redis_async"], zmqEnable: true, serve: ["zmq"], mode: "sync", warned: true },
  { argv: [], zmqEnable: true, serve: ["zmq"], mode: "sync", warned: false },
  { argv: ["--serve", "zmq"], zmqEnable: true, serve: ["zmq"], mode: "sync", warned: false },
] as const;
for (const { argv, zmqEnable, warned, ...expected } of served)
  test(`"asic syncd ${argv.join(" ")}" of a context with zmq_enable ${zmqEnable} serves ${expected.serve}`, () => {
    const context = { ...CONTEXT_DEFAULT, ...(zmqEnable !== undefined && { zmqEnable }) };
    const { warning, ...what } = servedOf(unwrap(parseFlags(argv)), context);
    expect([what, warning !== undefined]).toEqual([expected, warned]);
  });

test.each([
  ["absent.json", "absent.json: no such file; the whole file is left aside, the default context is used"],
  [
    "bad.json",
    /^bad\.json: CONTEXTS\[0\]\.guid: must be an integer from 0 to 255; CONTEXTS\[0\]\.name: must be a string; .*; the whole file is left aside, the default context is used$/,
  ],
])("%s costs a warning, and the default context stands", async (path, warning) => {
  const files = memoryFiles(new Map([["bad.json", '{"CONTEXTS":[{"guid":"0"}]}']]));
  const loaded = await loadContexts(files, path);
  expect(loaded.contexts).toEqual([CONTEXT_DEFAULT]);
  expect(loaded.warning).toMatch(warning);
});

test("a file without contexts has none, and no file has the default", async () => {
  expect(await loadContexts(memoryFiles(new Map([["none.json", "{}"]])), "none.json")).toEqual({ contexts: [] });
  expect(await loadContexts(memoryFiles(new Map()), undefined)).toEqual({ contexts: [CONTEXT_DEFAULT] });
});

test("-u is taken, as upstream's image gives it, and changes nothing", () => {
  expect(parseSyncdFlags(["-u"])).toEqual(parseSyncdFlags([]));
});
