import { chmod, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { CleanUp, type Clock, err, ok, type Random, type Result } from "@tandem/base";
import type { ProcessCookie } from "../motr/fops.js";
import { formatLinkAddress, type LinkAddress } from "./address.js";
import { DeskLink } from "./desk-link.js";
import type { ConnectionId } from "./desk-ports.js";
import { encodeFrame, FrameCutter } from "./frame.js";
import type { HaLink } from "./ha-link.js";
import type { LinkLimits } from "./limits.js";

/** Certificate, key and CAs, PEM. */
export interface LinkTlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export interface LinkServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly addresses: readonly LinkAddress[];
  /** Mutual TLS on every TCP address; read at each handshake. Unix sockets have none. */
  readonly tls?: () => LinkTlsMaterial;
  readonly limits?: Partial<LinkLimits>;
}

/** A server of HA links, listening. */
export interface LinkServer extends HaLink {
  /** Where it listens, ports that the system chose included. */
  readonly addresses: readonly LinkAddress[];
  readonly connections: number;
}

const TLS_VERSION = "TLSv1.3";

/**
 * Opens every address; the first that cannot be opened is the error, in one line. Peers may connect at once; nothing is
 * read of them before somebody listens to events, so that what they say first is not lost.
 */
export async function openLinkServer(options: LinkServerOptions): Promise<Result<LinkServer, string>> {
  const cleanUp = new CleanUp();
  const sockets = new SocketCarrier(options);
  const addresses: LinkAddress[] = [];
  for (const address of options.addresses) {
    const server = await listen(address, (socket) => sockets.admit(socket, address));
    if (!server.ok) {
      await cleanUp[Symbol.asyncDispose]();
      await sockets.link[Symbol.asyncDispose]();
      return server;
    }
    const { server: listening, at } = server.value;
    addresses.push(at);
    cleanUp.defer(() => new Promise<void>((resolve) => listening.close(() => resolve())));
  }
  cleanUp.defer(() => sockets.destroy());
  cleanUp.use(sockets.link);
  const { link } = sockets;
  return ok({
    addresses,
    get connections() {
      return link.connections;
    },
    onEvent(listener) {
      const unsubscribe = link.onEvent(listener);
      sockets.release();
      return unsubscribe;
    },
    replyEntrypoint: (id, reply) => link.replyEntrypoint(id, reply),
    send: (id, message) => link.send(id, message),
    delivered: (id, tag) => link.delivered(id, tag),
    disconnect: (id, reason) => link.disconnect(id, reason),
    links: () => link.links(),
    view: () => link.view(),
    [Symbol.asyncDispose]: () => cleanUp[Symbol.asyncDispose](),
  });
}

/** A cookie of this process: pid, start and uptime in nanoseconds, and a random id. */
export function ownCookie(clock: Clock, random: Random): ProcessCookie {
  return {
    pid: BigInt(process.pid),
    timeStart: BigInt(clock.now()) * 1_000_000n,
    uptime: 0n,
    uuid: BigInt(`0x${random.uuid().replaceAll("-", "")}`),
  };
}

/** Does TLS handshakes; `material` is what it was given last. */
interface TlsSide {
  readonly server: TlsServer;
  material: LinkTlsMaterial;
}

/** Sockets as the desk's connections. */
class SocketCarrier {
  readonly link: DeskLink;
  readonly #sockets = new Map<ConnectionId, Socket>();
  /** Every open socket, those in a TLS handshake included. */
  readonly #open = new Set<Socket>();
  readonly #corked = new Set<Socket>();
  readonly #options: LinkServerOptions;
  #tls: TlsSide | undefined;
  /** Peers that came before anybody listened; nothing when somebody does. */
  #held: (() => void)[] | undefined = [];

  constructor(options: LinkServerOptions) {
    this.#options = options;
    const { clock, random, limits, tls } = options;
    this.link = new DeskLink({
      ...{ clock, cookie: ownCookie(clock, random), name: "tandem-hax" },
      ...(limits !== undefined && { limits }),
      carrier: {
        write: (connection, frame) => this.#write(connection, encodeFrame(frame)),
        close: (connection) => this.#sockets.get(connection)?.destroySoon(),
        hasRoom: (connection) => {
          const socket = this.#sockets.get(connection);
          return socket !== undefined && socket.writableLength < this.link.limits.writeHigh;
        },
      },
    });
    if (tls === undefined) return;
    const material = tls();
    this.#tls = { server: this.#tlsServer(material), material };
  }

  admit(socket: Socket, address: LinkAddress): void {
    const peer = address.kind === "unix" ? `unix:${address.path}` : addressOf(socket);
    socket.on("error", () => {});
    if (this.#open.size >= this.link.limits.connectionsMax) {
      socket.destroy();
      this.link.stranger("flood", peer, `${this.#open.size} connections are open; this one is closed`);
      return;
    }
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    const begin = (): void => {
      if (socket.destroyed) return;
      if (address.kind === "unix" || this.#tls === undefined) this.#begin(socket, peer);
      else this.#handshake(this.#tls, socket);
    };
    if (this.#held === undefined) begin();
    else this.#held.push(begin);
  }

  /** Somebody listens from now on. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const begin of held) begin();
  }

  destroy(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #tlsServer({ cert, key, ca }: LinkTlsMaterial): TlsServer {
    const server = createTlsServer({
      ...{ cert, key, ca, minVersion: TLS_VERSION, requestCert: true, rejectUnauthorized: true },
      handshakeTimeout: this.link.limits.helloWithin,
    });
    server.on("secureConnection", (socket: TLSSocket) => {
      socket.on("error", () => {});
      this.#open.add(socket);
      socket.once("close", () => this.#open.delete(socket));
      this.#begin(socket, addressOf(socket));
    });
    server.on("tlsClientError", (error, socket) => {
      const why = error.message.split("\n")[0];
      this.link.stranger("tls", addressOf(socket), `no TLS handshake (${why}); the connection is closed`);
      socket.destroy();
    });
    return server;
  }

  #handshake(tls: TlsSide, socket: Socket): void {
    const material = this.#options.tls?.() ?? tls.material;
    if (material !== tls.material) {
      const { cert, key, ca } = material;
      tls.server.setSecureContext({ cert, key, ca, minVersion: TLS_VERSION });
      tls.material = material;
    }
    tls.server.emit("connection", socket);
  }

  #begin(socket: Socket, peer: string): void {
    const connection = this.link.opened(peer);
    const cutter = new FrameCutter(this.link.limits.frameMax);
    this.#sockets.set(connection, socket);
    let why = "the peer closed the connection";
    socket.on("data", (chunk: Buffer) => {
      const frames = cutter.push(chunk);
      if (!frames.ok) {
        socket.removeAllListeners("data").resume();
        this.link.fault(connection, "oversize", `${frames.error}; the connection is closed`);
        return;
      }
      for (const frame of frames.value) this.link.received(connection, frame);
    });
    socket.on("drain", () => this.link.roomAgain(connection));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      why = `the connection failed (${error.code ?? error.message})`;
    });
    socket.once("close", () => {
      this.#sockets.delete(connection);
      this.link.closed(connection, why);
    });
  }

  /** What is written in one turn leaves together. */
  #write(connection: ConnectionId, bytes: Uint8Array): void {
    const socket = this.#sockets.get(connection);
    if (socket === undefined || socket.destroyed) return;
    if (socket.writableLength > this.link.limits.writeMax) {
      socket.destroy();
      this.link.stranger("flood", addressOf(socket), "it asks and does not read; the connection is closed");
      return;
    }
    if (!this.#corked.has(socket)) {
      this.#corked.add(socket);
      socket.cork();
      process.nextTick(() => {
        this.#corked.delete(socket);
        socket.uncork();
      });
    }
    socket.write(bytes);
  }
}

function addressOf(socket: Socket): string {
  return socket.remoteAddress === undefined ? "a local socket" : `${socket.remoteAddress}:${socket.remotePort}`;
}

async function listen(
  address: LinkAddress,
  admit: (socket: Socket) => void,
): Promise<Result<{ readonly server: Server; readonly at: LinkAddress }, string>> {
  const name = formatLinkAddress(address);
  if (address.kind === "unix") {
    if (await answers(address.path)) return err(`${name}: another hax listens there`);
    await rm(address.path, { force: true });
  }
  const server = createServer({ noDelay: true }, admit);
  const failed = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    server.once("error", resolve);
    const done = (): void => resolve(undefined);
    if (address.kind === "unix") server.listen(address.path, done);
    else server.listen(address.port, address.host, done);
  });
  if (failed !== undefined) return err(`${name}: cannot listen (${failed.code ?? failed.message})`);
  if (address.kind === "tcp") return ok({ server, at: { ...address, port: (server.address() as AddressInfo).port } });
  // Whoever may write to the socket may report for any process of the node.
  await chmod(address.path, 0o600);
  return ok({ server, at: address });
}

/** A socket file whose process is gone may be replaced; one that answers may not. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path, timeout: 2000 });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
    socket.once("timeout", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
