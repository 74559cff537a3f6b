import { err, type Files, millis, ok, seconds, unwrap } from "@tandem/base";
import { TestCa, VirtualClock } from "@tandem/base/testing";
import { describe, expect, test } from "vitest";
import { checkTls, type TlsTriple } from "./certificate-check.js";
import { describeTlsEvent, openTlsFiles, severityOfTlsEvent, type TlsEvent } from "./tls-files.js";

const PATHS: TlsTriple = { cert: "/tls/cert.pem", key: "/tls/key.pem", ca: "/tls/ca.pem" };
const DAY = 24 * 60 * 60 * 1000;

function world() {
  const clock = new VirtualClock();
  const ca = new TestCa("Test CA", clock.now());
  const disk = new Map<string, string>();
  const files: Files = {
    read: async (path) => {
      const text = disk.get(path);
      return text === undefined ? err({ kind: "notFound", path }) : ok(text);
    },
  };
  const put = (texts: Partial<TlsTriple>): void => {
    for (const [name, text] of Object.entries(texts)) disk.set(PATHS[name as keyof TlsTriple], text);
  };
  const events: TlsEvent[] = [];
  const open = () => openTlsFiles({ paths: PATHS, files, clock, observer: (event) => events.push(event) });
  /** What was told since the last call. */
  const said = (): string[] => events.splice(0).map((e) => `${severityOfTlsEvent(e)}: ${describeTlsEvent(e)}`);
  const texts = (path: string): TlsTriple => ca.material(path);
  return { clock, ca, disk, put, open, said, texts };
}

describe("at the start", () => {
  const { ca, texts, clock } = world();
  const good = texts("r.c.n");
  const other = new TestCa("Other CA", clock.now());
  const cases: readonly [string, Partial<TlsTriple>, RegExp][] = [
    [
      "a key of another certificate",
      { key: texts("x").key },
      /^\/tls\/key\.pem: not the key of the certificate of CN=r\.c\.n$/,
    ],
    ["a key that is none", { key: "what?" }, /^\/tls\/key\.pem: no usable key: expected PEM without a passphrase/],
    ["a certificate that is none", { cert: "what?" }, /^\/tls\/cert\.pem: no certificate: expected PEM$/],
    [
      "a damaged certificate",
      { cert: good.cert.replace(/\n.{20}/, "\nAAAA") },
      /^\/tls\/cert\.pem: damaged certificate/,
    ],
    ["a CA file without one", { ca: "" }, /^\/tls\/ca\.pem: no certificate: expected PEM$/],
    [
      "a CA file with a node's certificate",
      { ca: good.cert },
      /^\/tls\/ca\.pem: CN=r\.c\.n is not a CA's certificate$/,
    ],
    ["the CA of others", { ca: other.cert }, /^\/tls\/cert\.pem: CN=r\.c\.n is not signed by a CA of the ca file$/],
    [
      "an expired certificate",
      ca.issue({ name: "old", from: -10, to: -1 }),
      /^\/tls\/cert\.pem: CN=old expired on Dec 31 00:00:00 2025 GMT$/,
    ],
    [
      "one of tomorrow",
      ca.issue({ name: "new", from: 1, to: 10 }),
      /^\/tls\/cert\.pem: CN=new is not valid before Jan {1,2}2 /,
    ],
  ];
  for (const [name, change, error] of cases)
    test(`${name} is one clear error`, async () => {
      const { open, put } = world();
      put({ ...good, ...change });
      const opened = await open();
      expect(opened.ok ? "" : opened.error).toMatch(error);
    });

  test("a missing file is named", async () => {
    const { open, put } = world();
    put({ cert: good.cert, ca: good.ca });
    expect(await open()).toEqual(err("/tls/key.pem: no such file"));
  });

  test("two CAs and an intermediate one are followed", () => {
    const { cert, key } = ca.issue({ name: "n" });
    expect(checkTls({ cert: cert + other.cert, key, ca: other.cert + ca.cert }, clock.now()).ok).toBe(true);
  });
});

test("files that change are in force within seconds; on SIGHUP at once", async () => {
  const { clock, open, put, said, texts } = world();
  put(texts("r.c.n"));
  const tls = unwrap(await open());
  expect(said()).toEqual([
    "info: TLS: certificate of CN=r.c.n (URI:swbus:/r.c.n) in force for new connections, valid to 2027-01-01T00:00:00.000Z",
  ]);
  const first = tls.current;
  await clock.advance(seconds(60));
  expect(tls.current).toBe(first);
  const second = texts("r.c.n");
  put(second);
  await clock.advance(seconds(2));
  expect(tls.current).toEqual(second);
  const third = texts("r.c.n");
  put(third);
  await tls.reload();
  expect(tls.current).toEqual(third);
  expect(said()).toHaveLength(2);
  tls.stop();
});

test("bad new files leave the last good ones in force, which is told once for each fault", async () => {
  const { clock, open, put, disk, said, texts } = world();
  const good = texts("r.c.n");
  put(good);
  const tls = unwrap(await open());
  said();
  put({ cert: "garbage" });
  await clock.advance(seconds(60));
  expect(said()).toEqual([
    "error: TLS: /tls/cert.pem: no certificate: expected PEM; the last good files stay in force",
  ]);
  disk.delete(PATHS.cert);
  await tls.reload();
  expect(said()).toEqual(["error: TLS: /tls/cert.pem: no such file; the last good files stay in force"]);
  expect(tls.current).toEqual(good);
  put(texts("r.c.n"));
  await clock.advance(seconds(2));
  expect(said()).toHaveLength(1);
  expect(tls.current).not.toEqual(good);
  tls.stop();
});

test("files that are replaced one after the other are no fault", async () => {
  const { clock, open, put, said, texts } = world();
  put(texts("r.c.n"));
  const tls = unwrap(await open());
  said();
  const { cert, key } = texts("r.c.n");
  put({ cert });
  await clock.advance(seconds(2));
  put({ key });
  await clock.advance(seconds(2));
  expect(tls.current).toMatchObject({ cert, key });
  expect(said().map((line) => line.split(":")[0])).toEqual(["info"]);
  tls.stop();
});

test("an end is told ahead at 30 days, 7 days, one day, and when it is there; not again after a new certificate", async () => {
  const { clock, open, put, said, ca } = world();
  put({ ...ca.issue({ name: "n", from: -1, to: 40 }), ca: ca.cert });
  const tls = unwrap(await open());
  said();
  expect(tls.validTo).toBe(clock.now() + 40 * DAY);
  const linesAfter = async (days: number): Promise<string[]> => {
    clock.jump(millis(days * DAY));
    await clock.advance(seconds(2));
    return said();
  };
  expect(await linesAfter(9)).toEqual([]);
  expect(await linesAfter(1.01)).toEqual([
    "warn: TLS: /tls/cert.pem: CN=n expires in 29 days; replace the file before that",
  ]);
  expect(await linesAfter(23)).toEqual([expect.stringMatching(/^warn: .* expires in 6 days/)]);
  expect(await linesAfter(6)).toEqual([expect.stringMatching(/^error: .* expires in 23 hours/)]);
  expect(await linesAfter(1)).toEqual([
    "error: TLS: /tls/cert.pem: CN=n has expired; new connections fail until the file is replaced, those that stand go on",
  ]);
  put({ ...ca.issue({ name: "n", to: 365 }), ca: ca.cert });
  expect(await linesAfter(1)).toEqual([expect.stringMatching(/^info: /)]);
  tls.stop();
});
