import { writeSync } from "node:fs";
import type { Io, Terminal } from "./io.js";

/** The process's own streams. A reader that went away (`tandem show ha | head -1`) ends it quietly. */
export function processIo(): Io {
  const ending = new AbortController();
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.stderr.write(`tandem: cannot write to stdout (${error.message}); ends now\n`);
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
  const io: Io = {
    print: (text) => void process.stdout.write(text),
    complain: (line) => void process.stderr.write(`${line}\n`),
    env: process.env,
    ...(process.stdout.isTTY === true && process.env["TERM"] !== "dumb" && { terminal: processTerminal() }),
    colours: process.stdout.isTTY === true && !process.env["NO_COLOR"] && process.env["TERM"] !== "dumb",
    ...(process.stdout.columns > 0 && { columns: process.stdout.columns }),
    get signal() {
      listen();
      return ending.signal;
    },
  };
  // Only a command that waits for the signal keeps Ctrl-C from ending the process at once.
  let listening = false;
  const listen = (): void => {
    if (listening) return;
    listening = true;
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => ending.abort(new Error(`ended by ${signal}`)));
  };
  return io;
}

/** Where a terminal does not tell its size. */
const COLUMNS = 80;
const ROWS = 24;

function processTerminal(): Terminal {
  const { stdout, stderr } = process;
  return {
    get size() {
      return { columns: stdout.columns || COLUMNS, rows: stdout.rows || ROWS };
    },
    onResize: (listener) => {
      stdout.on("resize", listener);
      return () => stdout.removeListener("resize", listener);
    },
    onExit: (text) => {
      const listener = (): void => void writeSync(stdout.fd, text);
      process.once("exit", listener);
      return () => process.removeListener("exit", listener);
    },
    showsErrors: stderr.isTTY === true,
  };
}
