import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How `startRedis` sets up its server: it saves nothing, and publishes key events unless told otherwise. */
export interface RedisServerOptions {
  /** Default 32. */
  readonly databases?: number;
  /** TCP port on 127.0.0.1; `true` picks a free one; absent or 0 means unix socket only. */
  readonly port?: number | true;
  /** Further `--name value` settings, e.g. `{ "notify-keyspace-events": "" }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** Path of the unix socket; default inside the server's own temporary folder. */
  readonly socket?: string;
}

/** A running redis-server of our own. Disposing it ends the process and removes its folder. */
export interface RedisServer extends AsyncDisposable {
  readonly socket: string;
  /** 0 when it listens on the socket only. */
  readonly port: number;
  readonly pid: number;
  /** Ends it as `kill -9` does; data that was not saved is lost. Resolves when the process is gone. */
  kill9(): Promise<void>;
  /** Ends the connections of all clients, as CLIENT KILL does. */
  disconnectClients(): Promise<void>;
  /** Starts it again at the same addresses, after killing it if it still runs. */
  restart(): Promise<void>;
}

/** Starts the redis-server that `TANDEM_REDIS_SERVER` names, else the one on PATH. Resolves when it answers. */
export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "tandem-redis-"));
  const socket = options.socket ?? join(folder, "redis.sock");
  const port = options.port === true ? await freePort() : (options.port ?? 0);
  const password = options.config?.["requirepass"];
  const settings = {
    port: String(port),
    bind: "127.0.0.1",
    unixsocket: socket,
    dir: folder,
    databases: String(options.databases ?? 32),
    save: "",
    appendonly: "no",
    daemonize: "no",
    "notify-keyspace-events": "AKE",
    ...options.config,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  let child = await launch(args, socket, password);
  return {
    socket,
    port,
    get pid() {
      return child.pid as number;
    },
    kill9: () => kill(child),
    disconnectClients: async () => {
      await exchange(socket, password, ["CLIENT KILL TYPE pubsub", "CLIENT KILL TYPE normal"]);
    },
    restart: async () => {
      await kill(child);
      child = await launch(args, socket, password);
    },
    [Symbol.asyncDispose]: async () => {
      await kill(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(args: readonly string[], socket: string, password: string | undefined): Promise<ChildProcess> {
  const binary = process.env["TANDEM_REDIS_SERVER"] ?? "redis-server";
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
  // A test that ends without disposing must not leave its server behind.
  const onExit = (): void => {
    child.kill("SIGKILL");
  };
  process.once("exit", onExit);
  child.once("exit", () => process.off("exit", onExit));
  await untilReady(child, binary);
  await exchange(socket, password, ["PING"]);
  return child;
}

/** Reads the server's log until it says that it accepts connections; throws with the log when it ends instead. */
function untilReady(child: ChildProcess, binary: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = "";
    const onData = (chunk: Buffer): void => {
      if (log.length < 65_536) log += chunk.toString("utf8");
      if (/ready to accept connections/i.test(log)) resolve();
    };
    child.stdout?.on("data", onData);
    child.stderr?.on("data", onData);
    child.once("error", (error) => reject(new Error(`${binary}: ${error.message}`)));
    child.once("exit", (code, signal) => reject(new Error(`${binary} ended (${code ?? signal}):\n${log}`)));
  });
}

/** Sends inline commands one by one; resolves with the first line of each reply. */
function exchange(socket: string, password: string | undefined, commands: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const pending = [...(password === undefined ? [] : [`AUTH ${password}`]), ...commands];
    const replies: string[] = [];
    const connection = connect(socket);
    const next = (): void => {
      const command = pending.shift();
      if (command !== undefined) connection.write(`${command}\r\n`);
      else connection.end(() => resolve(replies));
    };
    connection.once("connect", next);
    connection.on("data", (chunk) => {
      replies.push(chunk.toString("utf8").split("\r\n")[0] as string);
      next();
    });
    connection.once("error", reject);
  });
}

function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

/**
 * A port of 127.0.0.1 that nobody holds: outside the range from which the system gives ports to clients, so that it is
 * still free when it is bound, and again after it was released.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 1000; tries++) {
    const port = randomInt(FREE_PORT_FIRST, FREE_PORT_END);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port from ${FREE_PORT_FIRST} to ${FREE_PORT_END - 1}`);
}

const FREE_PORT_FIRST = 12_000;
/** Linux gives clients ports from 32768 on. */
const FREE_PORT_END = 32_000;

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
