import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { systemClock } from "@tandem/base";
import { needs } from "@tandem/base/testing";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { openLogOutput } from "./log-output.js";

const folder = mkdtempSync(join(tmpdir(), "tandem-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a syslog socket that takes streams is used, with the program's identity", async () => {
  const path = join(folder, "log");
  const received = new Promise<string>((resolve) => {
    const server = createServer((socket) => socket.once("data", (data) => resolve(data.toString("utf8"))));
    server.listen(path);
    server.unref();
  });
  const output = await openLogOutput({ clock: systemClock, program: "swbusd", syslogSocket: path });
  expect(output.style).toBe("syslog");
  expect(output.origin).toEqual({ program: "swbusd", pid: process.pid });
  output.write("<30>Jan  1 00:00:00 swbusd[1]: hello\n");
  await output.flush();
  expect(await received).toBe("<30>Jan  1 00:00:00 swbusd[1]: hello\n");
});

/** Prints the first datagram that arrives at the unix socket in argv. */
const DATAGRAM_SYSLOG = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
print(s.recv(4096).decode(), flush=True)
`;

const missing = ["python3", "logger"].filter((tool) => spawnSync(tool, ["--version"]).error !== undefined);

test("a syslog socket that takes datagrams is used through logger(1)", async (context) => {
  needs(context, missing.length === 0, `${missing.join(" and ")} not installed`);
  const path = join(folder, "datagrams");
  const syslog = spawn("python3", ["-c", DATAGRAM_SYSLOG, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void syslog.kill());
  const said = createInterface({ input: syslog.stdout })[Symbol.asyncIterator]();
  expect((await said.next()).value).toBe("bound");
  const output = await openLogOutput({ clock: systemClock, program: "hamgrd", syslogSocket: path });
  expect(output.style).toBe("journal");
  output.write("<4>a warning\n");
  expect((await said.next()).value).toMatch(new RegExp(`^<28>.* hamgrd\\[${process.pid}\\]: a warning$`));
});

test("without syslog, and where the environment says so, lines go to stderr", async () => {
  const nowhere = join(folder, "nothing");
  expect((await openLogOutput({ clock: systemClock, program: "a", syslogSocket: nowhere })).style).toBe("plain");
  const env = { TANDEM_LOG: "stderr" };
  expect((await openLogOutput({ clock: systemClock, program: "a", env })).style).toBe("plain");
});
