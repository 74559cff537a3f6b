import { err, ok } from "@tandem/base";
import type { LabIo } from "@tandem/lab/main";
import { type CommandRun, type Io, printJson } from "../io.js";
import { keepHeapSmall } from "../small-heap.js";

/** A package's program: parses its own flags, complains by itself, gives an exit code. */
type Program = (args: readonly string[], env: Readonly<Record<string, string | undefined>>) => Promise<number>;

export const runSwbusd = daemon("swbusd", async () => (await import("@tandem/swbus/main")).swbusdMain);

/** It knows much and does little; a swbusd passes many messages and would pay for a small heap with each. */
export const runHamgrd = daemon("hamgrd", async () => {
  keepHeapSmall();
  return (await import("@tandem/hamgrd/main")).hamgrdMain;
});

export const runApi = daemon("api", async () => (await import("@tandem/northbound/main")).apiMain);

export const runAsicArchive = daemon(
  "asic-archive",
  async () => (await import("@tandem/asic-channel/main")).asicArchiveMain,
);

export const runAsicGateway = daemon(
  "asic-gateway",
  async () => (await import("@tandem/asic-channel/main")).asicGatewayMain,
);

export const runAsicRecord = daemon(
  "asic-record",
  async () => (await import("@tandem/asic-channel/main")).asicRecordMain,
);

export const runAsicSyncd = daemon("asic-syncd", async () => (await import("@tandem/asic-channel/main")).asicSyncdMain);

export const runHax = daemon("hax", async () => (await import("@tandem/hax/main")).haxMain);

export const runConsulDouble = daemon(
  "hax-consul-double",
  async () => (await import("@tandem/hax/main")).consulDoubleMain,
);

export const runVirtualAsic = daemon(
  "asic-virtual",
  async () => (await import("@tandem/asic-channel/main")).virtualAsicMain,
);

/** The emulated process prints by itself, as text or with `--json` an object a line. */
export const runHaxM0d: CommandRun = async ({ args }, io) => {
  const { haxM0dMain } = await import("@tandem/hax/main");
  const exitCode = await haxM0dMain(args, io.env);
  return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
};

/** The demo prints by itself, as text or with `--json` as one object. */
export const runHaxDemo: CommandRun = async ({ args }, io) => {
  const { haxDemoMain } = await import("@tandem/hax/main");
  const exitCode = await haxDemoMain(args, {
    ...{ env: io.env, tandem: TANDEM, colours: io.colours, signal: io.signal },
    out: (line) => io.print(`${line}\n`),
    complain: (line) => io.complain(line),
  });
  return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
};

/** A daemon talks through its log; with `--json` its end is one object on stdout. */
function daemon(name: string, load: () => Promise<Program>): CommandRun {
  return async ({ args }, io) => {
    const json = args.includes("--json");
    const program = await load();
    const exitCode = await program(
      args.filter((word) => word !== "--json"),
      io.env,
    );
    if (json) printJson(io, name, { exit_code: exitCode });
    return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
  };
}

/** What starts a daemon of the lab and of the benchmarks, before the daemon's name. */
const TANDEM = [process.execPath, process.argv[1] ?? ""] as const;

/** What the lab may draw on, where stdout is such. */
function terminalOf(io: Io): Partial<Pick<LabIo, "terminal" | "complainsThere">> {
  const { terminal } = io;
  if (terminal === undefined) return {};
  const { onResize, onExit, showsErrors } = terminal;
  const drawn = {
    get size() {
      return terminal.size;
    },
    write: (text: string) => io.print(text),
    onResize,
    onExit,
  };
  return { terminal: drawn, complainsThere: showsErrors };
}

/** The lab prints by itself, as text or with `--json` an object a line. */
export const runLab: CommandRun = async ({ args }, io) => {
  const { labMain } = await import("@tandem/lab/main");
  const exitCode = await labMain(args, {
    env: io.env,
    tandem: TANDEM,
    io: {
      out: (line) => io.print(`${line}\n`),
      complain: (line) => io.complain(line),
      colours: io.colours,
      ...(io.columns !== undefined && { columns: io.columns }),
      ...terminalOf(io),
    },
    signal: io.signal,
  });
  return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
};

/** The simulator prints by itself, as text or with `--json` an object a line; a terminal shows how far it is. */
export const runSim: CommandRun = async ({ args }, io) => {
  const { simMain } = await import("@tandem/lab/sim");
  const exitCode = await simMain(args, {
    io: {
      out: (line) => io.print(`${line}\n`),
      complain: (line) => io.complain(line),
      ...(io.colours && { progress: (line: string) => io.print(`\r\x1b[K${line}`) }),
    },
    signal: io.signal,
  });
  return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
};

/** Benchmarks print by themselves, as text or with `--json` as one object. */
export const runBench: CommandRun = async ({ args }, io) => {
  const { benchMain } = await import("@tandem/bench/main");
  const exitCode = await benchMain(args, io.env, TANDEM);
  return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
};

/** A soak prints by itself, as text or with `--json` as one object. */
export const runSoak: CommandRun = async ({ args }, io) => {
  const { soakMain } = await import("@tandem/bench/main");
  const exitCode = await soakMain(args, { env: io.env, tandem: TANDEM, signal: io.signal });
  return exitCode === 0 ? ok() : err({ kind: "told", exitCode });
};
