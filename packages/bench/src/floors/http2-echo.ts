import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, createServer } from "node:http2";
import type { AddressInfo } from "node:net";

/** A server that sends back what it receives; its URL. */
export async function echoServer(): Promise<string> {
  const server = createServer();
  server.on("stream", (stream) => {
    stream.respond();
    stream.pipe(stream);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One stream to an echo server. */
export class EchoStream implements Disposable {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  #back = 0;
  #wake: (() => void) | undefined;

  constructor(url: string) {
    this.#session = connect(url);
    this.#stream = this.#session.request({ ":method": "POST" }, { endStream: false });
    this.#stream.on("data", (chunk: Buffer) => {
      this.#back += chunk.length;
      this.#wake?.();
    });
  }

  /** Sends `chunk` so often, with at most `ahead` bytes on their way; resolves when all of it is back. */
  async echo(chunk: Uint8Array, times: number, ahead = chunk.length): Promise<void> {
    this.#back = 0;
    for (let sent = 1; sent <= times; sent++) {
      this.#stream.write(chunk);
      const allowed = sent === times ? 0 : ahead - chunk.length;
      while (sent * chunk.length - this.#back > allowed) await this.#more();
    }
  }

  [Symbol.dispose](): void {
    this.#session.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
