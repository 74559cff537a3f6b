import type { Brand, Millis } from "@tandem/base";
import type { Frame } from "./frame.js";
import type { LinkEvent } from "./ha-link.js";

/** One connection, by the order of its coming. */
export type ConnectionId = Brand<number, "ConnectionId">;

/** What the desk asks of whoever holds the sockets. */
export interface DeskPorts {
  write(connection: ConnectionId, frame: Frame): void;
  /** Closes a connection once what was written has left. The desk has forgotten it. */
  close(connection: ConnectionId): void;
  /** Whether little enough waits to be read by the peer. When it does again, `roomAgain` is called. */
  hasRoom(connection: ConnectionId): boolean;
  monotonic(): Millis;
  tell(event: LinkEvent): void;
}
