import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { backoffDelay, type Clock, millis, type Random, seconds, type Timer } from "@tandem/base";
import type { LinkAddress } from "../link/address.js";
import { decodeFrame, encodeFrame, type Frame, FrameCutter } from "../link/frame.js";
import { LINK_LIMITS } from "../link/limits.js";
import type { LinkTlsMaterial } from "../link/server.js";
import { MotrProcess } from "./motr-process.js";
import type { CrashStep, M0dEvent, M0dIdentity, M0dManners } from "./peer-ports.js";

/** Pauses between connections. */
const RECONNECT = { first: millis(100), max: seconds(2) } as const;
/** Bytes that may wait for hax to read. Beyond it the connection is begun anew. */
const WRITE_MAX = 16 * 1024 * 1024;

export interface M0dOptions {
  readonly address: LinkAddress;
  readonly tls?: LinkTlsMaterial;
  readonly who: M0dIdentity;
  readonly manners: M0dManners;
  readonly clock: Clock;
  readonly random: Random;
  /** Must not throw. */
  readonly observer: (event: M0dEvent) => void;
  readonly crash?: (step: CrashStep) => void;
}

/** An emulated Motr process over a socket of its own, which it opens again as often as needed, until disposed. */
export class M0d implements AsyncDisposable {
  readonly motr: MotrProcess;
  readonly #options: M0dOptions;
  readonly #listeners = new Set<() => void>();
  #socket: Socket | undefined;
  #timer: Timer | undefined;
  #attempts = 0;
  #ended = false;

  constructor(options: M0dOptions) {
    this.#options = options;
    this.motr = new MotrProcess(options.who, options.manners, {
      write: (frame) => this.#write(frame),
      clock: options.clock,
      tell: (event) => {
        options.observer(event);
        for (const listener of [...this.#listeners]) listener();
      },
      reach: (step) => options.crash?.(step),
    });
    this.#dial();
  }

  /** Resolves when `condition` holds; looked at after each event. Rejects when `signal` aborts. */
  async until(condition: (motr: MotrProcess) => boolean, signal?: AbortSignal): Promise<void> {
    while (!condition(this.motr)) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#listeners.delete(wake);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        this.#listeners.add(wake);
        signal?.addEventListener("abort", wake, { once: true });
      });
    }
  }

  /** Loses the connection, as a cut cable would; it comes back by itself. */
  cut(): void {
    this.#socket?.destroy();
  }

  /** Writes bytes of any kind. */
  raw(bytes: Uint8Array): void {
    this.#socket?.write(bytes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    this.#timer?.cancel();
    const socket = this.#socket;
    if (socket === undefined || socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once("close", () => resolve());
      socket.destroySoon();
    });
  }

  #dial(): void {
    const { address, tls } = this.#options;
    const socket = open(address, tls);
    this.#socket = socket;
    const cutter = new FrameCutter(LINK_LIMITS.frameMax);
    let why = "hax closed the connection";
    let stood = false;
    socket.once(tls === undefined || address.kind === "unix" ? "connect" : "secureConnect", () => {
      stood = true;
      this.motr.up();
    });
    socket.on("data", (chunk: Buffer) => {
      const frames = cutter.push(chunk);
      if (!frames.ok) {
        why = frames.error;
        socket.destroy();
        return;
      }
      for (const bytes of frames.value) {
        const frame = decodeFrame(bytes);
        if (frame.ok) this.#take(frame.value);
        else {
          why = frame.error;
          socket.destroy();
          return;
        }
      }
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.message;
    });
    socket.once("close", () => {
      if (stood || this.#attempts === 0) this.motr.lost(why);
      if (this.#ended) return;
      const delay = backoffDelay(RECONNECT, this.#attempts, this.#options.random);
      this.#attempts += 1;
      this.#timer = this.#options.clock.setTimer(delay, () => this.#dial());
    });
  }

  #take(frame: Frame): void {
    if (frame.kind === "welcome") this.#attempts = 0;
    this.motr.received(frame);
    if (this.motr.panicked !== undefined) this.#socket?.destroy();
  }

  #write(frame: Frame): void {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return;
    socket.write(encodeFrame(frame));
    if (socket.writableLength > WRITE_MAX) socket.destroy();
  }
}

function open(address: LinkAddress, tls: LinkTlsMaterial | undefined): Socket {
  if (address.kind === "unix") return connectPlain(address.path);
  const { host, port } = address;
  if (tls === undefined) return connectPlain({ host, port, noDelay: true });
  const { cert, key, ca } = tls;
  return connectTls({ ...{ host, port, cert, key, ca }, minVersion: "TLSv1.3" }).setNoDelay(true);
}
