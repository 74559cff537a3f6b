import { rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { err, ok, type Result } from "@tandem/base";
import type { AsicCall } from "./call.js";
import type { AsicCore } from "./core.js";
import { type Hello, LineCutter } from "./lines.js";

/** Connections at a time; one more is closed at once. */
const CONNECTIONS_MAX = 16;

export interface AsicServerOptions {
  readonly core: AsicCore;
  /** Path of the unix socket. */
  readonly path: string;
  /** Names the chip's life. */
  readonly boot: string;
}

/** An ASIC that other processes reach, until disposed. */
export async function serveAsic({ core, path, boot }: AsicServerOptions): Promise<Result<AsyncDisposable, string>> {
  const sockets = new Set<Socket>();
  let reader: Socket | undefined;
  const tell = (): void => {
    if (reader === undefined) return;
    for (const event of core.takeEvents()) reader.write(`${JSON.stringify({ event })}\n`);
  };
  const server = createServer((socket) => {
    if (sockets.size >= CONNECTIONS_MAX) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    const end = (): void => {
      sockets.delete(socket);
      if (reader === socket) reader = undefined;
    };
    socket.on("error", end).on("close", end);
    const cutter = new LineCutter();
    socket.write(`${JSON.stringify({ asic: 1, boot } satisfies Hello)}\n`);
    socket.on("data", (chunk) => {
      for (const line of cutter.push(chunk) ?? [undefined]) {
        const asked = line === undefined ? undefined : parse(line);
        if (asked === undefined) {
          socket.destroy();
          return;
        }
        if (asked === "events") reader = socket;
        else socket.write(`${JSON.stringify({ answer: core.call(asked) })}\n`);
        tell();
      }
    });
  });
  if (await answers(path)) return err(`${path}: another ASIC is there`);
  await rm(path, { force: true });
  const listening = await listen(server, path);
  if (!listening.ok) return listening;
  return ok({
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  });
}

function parse(line: string): AsicCall | "events" | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (value === "events") return value;
    return typeof value === "object" && value !== null && "call" in value ? (value as AsicCall) : undefined;
  } catch {
    return undefined;
  }
}

function listen(server: Server, path: string): Promise<Result<void, string>> {
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) => resolve(err(`${path}: cannot listen (${error.code})`)));
    server.listen(path, () => resolve(ok()));
  });
}

/** A socket file whose process is gone may be replaced; one that answers may not. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
