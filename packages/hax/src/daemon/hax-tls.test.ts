import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CleanUp } from "@tandem/base";
import { type Issued, TestCa } from "@tandem/base/testing";
import { afterEach, expect, test } from "vitest";
import { startConsulDouble } from "../consul-double/consul-double.js";
import { HaxProgram } from "../testing/hax-program.js";

const LIMIT = { timeout: 120_000 };
const CONSUL_TOKEN = "4d1c0f0e-consul";
const LOCAL = { name: "localhost", hosts: ["localhost"], ips: ["127.0.0.1"] };

let cleanUp = new CleanUp();
afterEach(async () => {
  await cleanUp[Symbol.asyncDispose]();
  cleanUp = new CleanUp();
});

interface Shown extends Issued {
  readonly ca: string;
}

/** A folder in which a certificate, its key and a CA go by names. */
class Folder {
  private constructor(readonly path: string) {}

  static async make(): Promise<Folder> {
    const path = await mkdtemp(join(tmpdir(), "hax-tls-"));
    cleanUp.defer(() => rm(path, { recursive: true, force: true }));
    return new Folder(path);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(this.at(name), text);
    return this.at(name);
  }

  /** Paths of certificate, key and CA. */
  async put(name: string, { cert, key, ca }: Shown): Promise<readonly [string, string, string]> {
    const files = [
      [`${name}.crt`, cert],
      [`${name}.key`, key],
      [`${name}.ca`, ca],
    ] as const;
    for (const [file, text] of files) await this.write(file, text);
    return [this.at(`${name}.crt`), this.at(`${name}.key`), this.at(`${name}.ca`)];
  }
}

const shownBy = (ca: TestCa): Shown => ({ ...ca.issue(LOCAL), ca: ca.cert });

/** GET /ready over TLS: the status, or the code of the refusal. */
function ready(port: number, with_: Partial<Shown>): Promise<number | string> {
  return new Promise((resolve) => {
    const asking = request({
      host: "127.0.0.1",
      servername: "localhost",
      port,
      path: "/ready",
      agent: false,
      ...with_,
    });
    asking.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asking.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asking.end();
  });
}

/** A hax whose three sides all ask for certificates: links, watches, and Consul. */
async function stage() {
  const [consulCa, linkCa, httpCa] = [new TestCa("Consul CA"), new TestCa("link CA"), new TestCa("HTTP CA")];
  const consul = cleanUp.use(await startConsulDouble({ node: "alpha1", token: CONSUL_TOKEN, tls: shownBy(consulCa) }));
  const { state } = consul;
  state.put("m0conf/nodes/alpha1/processes/9/services/rms", Buffer.from("10").toString("base64"), {}, 0 as never);
  const meta = { transport_type: "libfab" };
  const confd = { node: "alpha1", id: "9", name: "confd", address: "inet:tcp:10.9.8.11", port: 21002, meta };
  state.registerService(confd, undefined);
  const folder = await Folder.make();
  const [cert, key, ca] = await folder.put("consul", shownBy(consulCa));
  const token = await folder.write("consul.token", `${CONSUL_TOKEN}\n`);
  const port = consul.url.port;
  const link = (await folder.put("link", shownBy(linkCa))).join(",");
  const http = (await folder.put("http", shownBy(httpCa))).join(",");
  const hax = cleanUp.use(
    new HaxProgram(
      ...["--node", "alpha1", "--consul", `https://localhost:${port}`, "--consul-ca", ca],
      ...["--consul-cert", `${cert},${key}`, "--consul-token-file", token, "--listen", "127.0.0.1:0"],
      ...["--link-tls", link, "--http", "127.0.0.1:0", "--http-tls", http],
    ),
  );
  const linkPort = /:(\d+)$/.exec(await hax.line(/links at/))?.[1];
  const httpPort = Number(/https:\S+:(\d+)\//.exec(await hax.line(/watches at/))?.[1]);
  const m0d = async (name: string, shown: Shown): Promise<HaxProgram> => {
    const [crt, pem, trusted] = await folder.put(name, shown);
    const tls = ["--tls-cert", crt, "--tls-key", pem, "--tls-ca", trusted];
    return cleanUp.use(
      new HaxProgram("m0d", "--hax", `127.0.0.1:${linkPort}`, "--fid", "0x7200000000000001:0x10", ...tls),
    );
  };
  return { consul, folder, hax, m0d, httpPort, linkCa, httpCa };
}

test("links, watches and Consul are all behind mutual TLS, and strangers are refused", LIMIT, async () => {
  const { consul, hax, m0d, httpPort, linkCa, httpCa } = await stage();
  const stranger = await m0d("stranger", { ...new TestCa("another CA").issue(LOCAL), ca: linkCa.cert });
  await hax.line(/no TLS handshake/);
  const friend = await m0d("friend", shownBy(linkCa));
  // What Consul holds came over TLS with the token: without either there would be no answer at all.
  await friend.line(/entrypoint: not now/);
  await hax.line(/nobody holds `leader`/);
  expect(stranger.said.some((line) => line.includes("entrypoint"))).toBe(false);
  expect(await ready(httpPort, { ca: httpCa.cert })).not.toBe(200);
  expect(await ready(httpPort, { ...new TestCa("another CA").issue(LOCAL), ca: httpCa.cert })).not.toBe(200);
  expect(await ready(httpPort, shownBy(httpCa))).toBe(200);
  expect(consul.requests).toBeGreaterThan(0);
  expect(hax.said.join("\n")).not.toContain(CONSUL_TOKEN);
});

test("SIGHUP takes up new certificates; ones that do not fit leave those before in force", LIMIT, async () => {
  const { folder, hax, m0d, httpPort, linkCa, httpCa } = await stage();
  const old = shownBy(httpCa);
  expect(await ready(httpPort, old)).toBe(200);
  await folder.write("http.key", new TestCa().issue(LOCAL).key);
  hax.child.kill("SIGHUP");
  await hax.line(/--http-tls .* cannot be used together .*; what was read last stays/);
  expect(await ready(httpPort, old)).toBe(200);

  const [newHttp, newLink] = [new TestCa("second HTTP CA"), new TestCa("second link CA")];
  await folder.put("http", shownBy(newHttp));
  await folder.put("link", shownBy(newLink));
  hax.child.kill("SIGHUP");
  await hax.line(/read again, and in force/);
  expect(await ready(httpPort, old)).not.toBe(200);
  expect(await ready(httpPort, shownBy(newHttp))).toBe(200);
  await m0d("late", shownBy(linkCa));
  await hax.line(/no TLS handshake/);
  const friend = await m0d("friend", shownBy(newLink));
  await friend.line(/entrypoint/);
});

test("a certificate that does not fit its key is said in one line, and nothing is served", LIMIT, async () => {
  const folder = await Folder.make();
  const shown = { ...shownBy(new TestCa()), key: new TestCa().issue(LOCAL).key };
  const hax = cleanUp.use(
    new HaxProgram("--http", "127.0.0.1:0", "--http-tls", (await folder.put("x", shown)).join(",")),
  );
  expect(await hax.gone).toBe(1);
  expect(hax.said.filter((line) => line.includes("cannot be used together"))).toHaveLength(1);
});

test("a Consul whose certificate is of another CA is a Consul that does not answer, and says why", LIMIT, async () => {
  const consul = cleanUp.use(await startConsulDouble({ node: "alpha1", tls: shownBy(new TestCa("theirs")) }));
  const folder = await Folder.make();
  const ca = await folder.write("ca.crt", new TestCa("ours").cert);
  const hax = cleanUp.use(
    new HaxProgram(
      ...["--node", "alpha1", "--consul", `https://localhost:${consul.url.port}`, "--consul-ca", ca],
      ...["--listen", `unix:${folder.at("link.sock")}`, "--http", "127.0.0.1:0"],
    ),
  );
  expect(await hax.line(/Consul does not answer/)).toMatch(/CERT|certificate|SIGNATURE/);
  hax.child.kill("SIGTERM");
  await once(hax.child, "exit");
});
