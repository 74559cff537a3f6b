import { once } from "node:events";
import { connect, type Socket } from "node:net";

const LINE_FEED = 0x0a;

/** A socket to Redis and nothing else. Good for commands whose replies are single lines, or fit into one read. */
export class RawRedis implements Disposable {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(path: string): Promise<RawRedis> {
    const socket = connect(path);
    await once(socket, "connect");
    return new RawRedis(socket);
  }

  /** Sends what is already encoded; resolves with the first read that follows. */
  async exchange(encoded: Uint8Array): Promise<void> {
    const read = this.read();
    this.#socket.write(encoded);
    await read;
  }

  async read(): Promise<void> {
    await once(this.#socket, "data");
  }

  write(encoded: Uint8Array): void {
    this.#socket.write(encoded);
  }

  /** Sends one batch after the other, `ahead` of them under way; each is answered with `lines` lines. */
  pipeline(batches: readonly Uint8Array[], lines: number, ahead: number): Promise<void> {
    return new Promise((resolve) => {
      let sent = 0;
      let answered = 0;
      const send = (): void => {
        for (; sent < batches.length && sent * lines - answered < ahead * lines; sent++)
          this.#socket.write(batches[sent] as Uint8Array);
      };
      const onData = (chunk: Buffer): void => {
        for (const byte of chunk) if (byte === LINE_FEED) answered += 1;
        send();
        if (answered < batches.length * lines) return;
        this.#socket.off("data", onData);
        resolve();
      };
      this.#socket.on("data", onData);
      send();
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/** A command as RESP has it. */
export function encodeCommand(words: readonly string[]): Buffer {
  return Buffer.from(
    `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`,
  );
}
