import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * One direction of dialing between two switches, as a TCP relay that can be cut. While cut, nothing passes and nothing
 * is closed, as on a dead cable: each end must notice the silence itself. Healing drops what the cut left half-open.
 */
export class LinkProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(server: Server, target: { host: string; port: number }) {
    this.#server = server;
    server.on("connection", (inbound) => {
      const outbound = connect(target);
      for (const [from, to] of [
        [inbound, outbound],
        [outbound, inbound],
      ] as const) {
        this.#sockets.add(from);
        from.setNoDelay(true);
        from.on("data", (chunk) => {
          if (!this.#cut && !to.write(chunk)) from.pause();
        });
        to.on("drain", () => from.resume());
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.#sockets.delete(from);
          if (!this.#cut) to.destroy();
        });
      }
    });
  }

  /** Listens on `at` and relays to `target`; rejects when the port is taken. */
  static listen(at: { host: string; port: number }, target: { host: string; port: number }): Promise<LinkProxy> {
    const server = createServer();
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(at, () => {
        server.removeListener("error", reject);
        resolve(new LinkProxy(server, target));
      });
    });
  }

  cut(): void {
    this.#cut = true;
  }

  heal(): void {
    this.#cut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
