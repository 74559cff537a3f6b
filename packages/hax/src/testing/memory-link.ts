import type { Clock } from "@tandem/base";
import { DeskLink } from "../link/desk-link.js";
import type { ConnectionId } from "../link/desk-ports.js";
import { decodeFrame, encodeFrame, type Frame } from "../link/frame.js";
import type { LinkLimits } from "../link/limits.js";
import type { ProcessCookie } from "../motr/fops.js";

/** A peer's end of a connection in memory. */
export interface MemoryPeer {
  write(frame: Frame): void;
  /** Bytes of a frame without its length. */
  raw(bytes: Uint8Array): void;
  close(): void;
  onFrame: (frame: Frame) => void;
  onClose: () => void;
}

/** HA links without sockets: the same desk, frames handed over in microtasks, in order. */
export class MemoryLink extends DeskLink {
  readonly #peers: Map<ConnectionId, { readonly peer: MemoryPeer; readonly close: () => void }>;

  constructor(options: { readonly clock: Clock; readonly life?: bigint; readonly limits?: Partial<LinkLimits> }) {
    const peers = new Map<ConnectionId, { readonly peer: MemoryPeer; readonly close: () => void }>();
    const { clock, life = 1n, limits } = options;
    const cookie: ProcessCookie = { pid: 1n, timeStart: 0n, uptime: 0n, uuid: life };
    super({
      ...{ clock, cookie, name: "memory" },
      ...(limits !== undefined && { limits }),
      carrier: {
        write: (connection, frame) => {
          const there = peers.get(connection);
          const bytes = encodeFrame(frame).subarray(4);
          queueMicrotask(() => {
            const decoded = decodeFrame(bytes);
            if (decoded.ok) there?.peer.onFrame(decoded.value);
          });
        },
        close: (connection) => peers.get(connection)?.close(),
        hasRoom: () => true,
      },
    });
    this.#peers = peers;
  }

  connect(): MemoryPeer {
    const connection = this.opened("memory");
    let open = true;
    const close = (): void => {
      if (!open) return;
      open = false;
      queueMicrotask(() => {
        this.#peers.delete(connection);
        this.closed(connection, "the peer closed the connection");
        peer.onClose();
      });
    };
    const raw = (bytes: Uint8Array): void => {
      queueMicrotask(() => {
        if (open) this.received(connection, bytes);
      });
    };
    const peer: MemoryPeer = {
      write: (frame) => raw(encodeFrame(frame).subarray(4)),
      ...{ raw, close, onFrame: () => {}, onClose: () => {} },
    };
    this.#peers.set(connection, { peer, close });
    return peer;
  }
}
