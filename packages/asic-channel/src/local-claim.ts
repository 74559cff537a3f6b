import { createHash } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { type Clock, err, ok, type Result, seconds, within } from "@tandem/base";
import type { EndError, Owner } from "./asic-error.js";

/** How long an owner is asked who it is: one that is stopped does not answer. */
const ASK_LIMIT = seconds(1);

/** Attempts against an owner that leaves while it is asked. */
const ATTEMPTS_MAX = 5;

/** Longest answer that is read. */
const ANSWER_BYTES_MAX = 4096;

/**
 * One end of a channel that no database carries, held by one process of this machine at a time. It is a socket in the
 * kernel's own name space: whoever asks it hears who the owner is, and it is gone with its process, however that ends.
 */
export class LocalClaim implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `name` says which end of which channel. Fails with the owner while that lives. */
  static async take(name: string, owner: Owner, clock: Clock): Promise<Result<LocalClaim, EndError>> {
    const path = `\0tandem-asic-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const listening = await listen(path, JSON.stringify(owner));
      if (listening.ok) return ok(new LocalClaim(listening.value));
      if (listening.error.code !== "EADDRINUSE")
        return err({ kind: "unusable", reason: `${name} cannot be claimed: ${listening.error.message}` });
      const answer = await within(clock, ASK_LIMIT, ask(path));
      if (answer !== "gone") return err({ kind: "taken", owner: decodeOwner(answer ?? "") });
    }
    return err({ kind: "unusable", reason: `${name} changes all the time: several processes want this end` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

function listen(path: string, answer: string): Promise<Result<Server, NodeJS.ErrnoException>> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(answer);
      socket.resume();
    });
    server.once("error", (error) => resolve(err(error)));
    server.listen(path, () => resolve(ok(server)));
    // It must not keep a process alive that has nothing else to do.
    server.unref();
  });
}

/** What the owner says, or `gone` when nobody is there. */
function ask(path: string): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(path);
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > ANSWER_BYTES_MAX) socket.destroy();
    });
    socket.on("error", () => resolve("gone"));
    socket.on("close", () => resolve(text));
  });
}

function decodeOwner(text: string): Owner | undefined {
  try {
    const { name, host, pid, since } = JSON.parse(text) as Partial<Owner>;
    const fits = typeof name === "string" && typeof host === "string";
    return fits && typeof pid === "number" && typeof since === "number" ? { name, host, pid, since } : undefined;
  } catch {
    return undefined;
  }
}
