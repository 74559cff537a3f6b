import { Agent, request } from "node:http";
import { promisify } from "node:util";

/** HTTP as plain as it gets: one kept connection, nothing decoded. The floor of whoever asks Consul. */
export class RawHttp implements Disposable {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(private readonly url: URL) {}

  /** The body, once all of it is here. Rejects unless the answer is 2xx. */
  readonly ask = promisify(
    (method: string, path: string, body: string, done: (error: Error | null, text: string) => void) => {
      const asking = request(new URL(path, this.url), {
        ...{ method, agent: this.#agent },
        headers: { "content-length": Buffer.byteLength(body) },
      });
      asking.on("error", (error) => done(error, ""));
      asking.on("response", (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on("end", () => {
          const text = Buffer.concat(pieces).toString();
          const { statusCode = 0 } = response;
          done(statusCode >= 200 && statusCode < 300 ? null : new Error(`${method} ${path}: ${statusCode}`), text);
        });
      });
      asking.end(body);
    },
  );

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}
