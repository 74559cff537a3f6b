import { EventEmitter } from "node:events";
import { err, ok, seconds, sleep } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { type DaemonProcess, runDaemon } from "./run-daemon.js";

class FakeProcess extends EventEmitter implements DaemonProcess {
  readonly lines: string[] = [];
  readonly exits: number[] = [];
  lastWords(line: string): void {
    this.complain(line);
  }

  complain(line: string): void {
    this.lines.push(line);
  }
  exit(code: number): void {
    this.exits.push(code);
  }
}

function setup() {
  const clock = new VirtualClock();
  const host = new FakeProcess();
  return { clock, host, options: { program: "swbusd", clock, process: host } };
}

test("a main that succeeds exits with 0 and leaves no listeners", async () => {
  const { host, options } = setup();
  expect(await runDaemon(options, async () => ok())).toBe(0);
  expect(host.lines).toEqual([]);
  expect(host.eventNames()).toEqual([]);
});

test("a failure is one line on stderr and exit code 1, wrong usage 2", async () => {
  const { host, options } = setup();
  expect(await runDaemon(options, async () => err({ kind: "failed", message: "port 1 is taken" }))).toBe(1);
  expect(await runDaemon(options, async () => err({ kind: "usage", message: "-s wants a number" }))).toBe(2);
  expect(host.lines).toEqual(["swbusd: port 1 is taken", "swbusd: -s wants a number"]);
});

for (const signal of ["SIGTERM", "SIGINT"]) {
  test(`${signal} aborts the signal, and waits that it cancels are a clean end`, async () => {
    const { clock, host, options } = setup();
    let flushed = 0;
    const running = runDaemon({ ...options, finally: async () => void flushed++ }, async (context) => {
      await sleep(clock, seconds(3600), context.signal);
      return ok();
    });
    await settle();
    host.emit(signal);
    expect(await running).toBe(0);
    expect(flushed).toBe(1);
    expect(host.exits).toEqual([]);
  });
}

test("SIGUSR2 asks for a dump each time; a bug saves once, before the process ends", async () => {
  const { host, options } = setup();
  const calls: string[] = [];
  void runDaemon(options, (context) => {
    context.onDump(() => calls.push("dump"));
    context.onBug(() => calls.push("save"));
    context.onBug(() => {
      throw new Error("disk full");
    });
    return new Promise(() => {});
  });
  host.emit("SIGUSR2");
  host.emit("SIGUSR2");
  host.emit("uncaughtException", new Error("boom"));
  await settle();
  expect(calls).toEqual(["dump", "dump", "save"]);
  expect(host.exits).toEqual([1]);
  expect(host.lines.at(-1)).toBe("swbusd: bug: nothing is saved: Error: disk full");
});

test("a second signal ends the process at once", async () => {
  const { host, options } = setup();
  void runDaemon(options, () => new Promise(() => {}));
  host.emit("SIGTERM");
  expect(host.exits).toEqual([]);
  host.emit("SIGINT");
  expect(host.exits).toEqual([130]);
});

test("an end that takes too long is cut short, with a line that says so", async () => {
  const { clock, host, options } = setup();
  void runDaemon({ ...options, endWithin: seconds(5) }, () => new Promise(() => {}));
  host.emit("SIGTERM");
  await clock.advance(seconds(5));
  expect(host.exits).toEqual([1]);
  expect(host.lines).toEqual(["swbusd: did not end within 5000 ms of SIGTERM: ends now"]);
});

test("SIGHUP calls the reloads, in order", async () => {
  const { host, options } = setup();
  const calls: number[] = [];
  void runDaemon(options, async (context) => {
    context.onReload(() => calls.push(1));
    context.onReload(() => calls.push(2));
    return new Promise(() => {});
  });
  host.emit("SIGHUP");
  host.emit("SIGHUP");
  expect(calls).toEqual([1, 2, 1, 2]);
});

test("a bug in main is a stack on stderr and exit code 1", async () => {
  const { host, options } = setup();
  const main = async (): Promise<never> => {
    throw new TypeError("x is undefined");
  };
  expect(await runDaemon(options, main)).toBe(1);
  expect(host.lines[0]).toMatch(/^swbusd: bug: TypeError: x is undefined\n +at /);
});

test("a bug outside main ends the process too, after a last flush", async () => {
  const { host, options } = setup();
  let flushed = 0;
  void runDaemon({ ...options, finally: async () => void flushed++ }, () => new Promise(() => {}));
  host.emit("unhandledRejection", new Error("forgotten"));
  await settle();
  expect(flushed).toBe(1);
  expect(host.exits).toEqual([1]);
  expect(host.lines[0]).toContain("bug: Error: forgotten");
});
