import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A server on a unix socket that sends back what it receives; its path. */
export async function unixEcho(path: string): Promise<string> {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(path);
  await once(server, "listening");
  return path;
}

/** One connection to such a server. */
export class UnixEchoClient implements Disposable {
  readonly #socket: Socket;
  #missing = 0;
  #back: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.#missing -= chunk.length;
      if (this.#missing === 0) this.#back();
    });
  }

  static async open(path: string): Promise<UnixEchoClient> {
    const socket = connect(path);
    await once(socket, "connect");
    return new UnixEchoClient(socket);
  }

  /** Sends a message; resolves when all of it is back. */
  echo(message: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#missing = message.length;
      this.#back = resolve;
      this.#socket.write(message);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
