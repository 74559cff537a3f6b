import { spawn } from "node:child_process";
import { fstatSync, write, writeSync } from "node:fs";
import { stat } from "node:fs/promises";
import { connect, Socket } from "node:net";
import type { Writable } from "node:stream";
import { type Clock, millis } from "@tandem/base";
import { LineWriter } from "./line-writer.js";
import { formatLine, type LineOrigin, type LineStyle } from "./log-line.js";

/** Where log lines go. Writing never waits. */
export interface LogOutput {
  readonly style: LineStyle;
  readonly origin: LineOrigin;
  write(line: string): void;
  flush(): Promise<void>;
}

export interface LogOutputOptions {
  readonly clock: Clock;
  readonly program: string;
  /** `JOURNAL_STREAM` tells that stderr is the journal; `TANDEM_LOG=stderr` keeps lines off syslog. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Syslog's socket. */
  readonly syslogSocket?: string;
}

/** Characters that wait before lines are dropped and counted. */
const BUFFER_CHARS = 1024 * 1024;

const STDERR = 2;

/** A non-blocking stderr that is full is tried again after this. */
const AGAIN_AFTER = millis(10);

/**
 * The best place for a daemon's lines: the journal when stderr is connected to it; else syslog with the program as
 * identity, over its socket or through logger(1); else stderr. docs/adr/0004-syslog.md.
 */
export async function openLogOutput(options: LogOutputOptions): Promise<LogOutput> {
  const { clock, program, env = {} } = options;
  const origin = { program, pid: process.pid };
  if (stderrIsJournal(env["JOURNAL_STREAM"])) return output(clock, "journal", origin, writeStderr);
  if (env["TANDEM_LOG"] === "stderr") return output(clock, "plain", origin, writeStderr);
  const syslog = await openSyslog(options.syslogSocket ?? "/dev/log", origin);
  if (syslog === undefined) return output(clock, "plain", origin, writeStderr);
  return output(clock, syslog.style, origin, writeTo(syslog.stream));
}

/** Lines to stderr, whatever it is: for tools and for what goes wrong before a daemon has its output. */
export function stderrOutput(clock: Clock, program: string): LogOutput {
  return output(clock, "plain", { program, pid: process.pid }, writeStderr);
}

function output(clock: Clock, style: LineStyle, origin: LineOrigin, write: Write): LogOutput {
  const lostMark = (lines: number): string =>
    formatLine(style, origin, "warn", clock.now(), `${lines} log lines lost: the output was too slow or gone`);
  const writer = new LineWriter({ write: (text) => write(clock, text), lostMark }, BUFFER_CHARS);
  process.once("exit", () => writeAllSync(writer.take()));
  return { style, origin, write: (line) => writer.push(line), flush: () => writer.flush() };
}

/** Writes all of `text`, or says that it is lost. */
type Write = (clock: Clock, text: string) => Promise<boolean>;

/** What is left when the process ends goes to stderr; when even that is closed, nobody is there to read it. */
function writeAllSync(text: string): void {
  if (text === "") return;
  try {
    writeSync(STDERR, text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Asynchronous, so that a reader of our stderr that stopped reading does not stop us. */
function writeStderr(clock: Clock, text: string): Promise<boolean> {
  const bytes = Buffer.from(text, "utf8");
  return new Promise((resolve) => {
    const next = (at: number): void => {
      write(STDERR, bytes, at, bytes.length - at, null, (error, written) => {
        if (error?.code === "EAGAIN") clock.setTimer(AGAIN_AFTER, () => next(at));
        else if (error !== null) resolve(false);
        else if (at + written < bytes.length) next(at + written);
        else resolve(true);
      });
    };
    next(0);
  });
}

/** systemd.exec(5), "$JOURNAL_STREAM": device and inode of the stream that stderr was connected to. */
function stderrIsJournal(journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  const { dev, ino } = fstatSync(STDERR);
  return journalStream === `${dev}:${ino}`;
}

interface Syslog {
  readonly stream: Writable;
  readonly style: LineStyle;
}

/** A way to syslog, or `undefined` where there is none. */
async function openSyslog(path: string, origin: LineOrigin): Promise<Syslog | undefined> {
  const exists = await stat(path).then(
    (stats) => stats.isSocket(),
    () => false,
  );
  if (!exists) return undefined;
  const socket = await connectStream(path);
  if (socket !== undefined) return { stream: socket, style: "syslog" };
  const helper = await startLogger(path, origin);
  return helper === undefined ? undefined : { stream: helper, style: "journal" };
}

/** Syslog daemons that take streams; for others `undefined`: Node has no unix datagram sockets. */
function connectStream(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(undefined));
    socket.once("connect", () => {
      socket.unref();
      resolve(socket);
    });
  });
}

/** logger(1) of util-linux speaks datagrams for us; it ends when our end of its pipe is gone. */
function startLogger(path: string, origin: LineOrigin): Promise<Writable | undefined> {
  return new Promise((resolve) => {
    const identity = ["--tag", origin.program, `--id=${origin.pid}`, "--priority", "daemon.info", "--prio-prefix"];
    const child = spawn("logger", ["--socket", path, ...identity], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    child.once("error", () => resolve(undefined));
    child.once("spawn", () => {
      child.unref();
      // A pipe is a socket here; it must not keep a process that is done.
      if (child.stdin instanceof Socket) child.stdin.unref();
      resolve(child.stdin);
    });
  });
}

/** Lines to `stream`, and to stderr from when it breaks. */
function writeTo(stream: Writable): Write {
  let broken = false;
  stream.on("error", () => {
    broken = true;
  });
  stream.on("close", () => {
    broken = true;
  });
  return (clock, text) => {
    if (broken) return writeStderr(clock, text);
    return new Promise((resolve) => {
      stream.write(text, (error) => {
        if (error == null) resolve(true);
        else void writeStderr(clock, text).then(resolve);
      });
    });
  };
}
