import { err, millis, ok, type Result, seconds, sleep, systemClock } from "@tandem/base";
import type { BindError } from "./push-pull.js";

/** What can be bound: a PULL or a REP socket of the library. */
interface Bindable {
  bind(endpoint: string): Promise<void>;
  close(): void;
}

/** How long an endpoint that somebody has just left is waited for, and how often it is tried. */
const RELEASE_LIMIT = seconds(1);
const BIND_AGAIN = millis(20);

/**
 * A bound socket. Sockets are closed here without unbinding them first: when a peer ends at the same moment, libzmq 4.3.5
 * fails an assertion in that and takes the process along. An endpoint is free a little after the close, so binding waits
 * for it, for a second at the most.
 */
export async function bindSocket<S extends Bindable>(make: () => S, endpoint: string): Promise<Result<S, BindError>> {
  const until = systemClock.monotonic() + RELEASE_LIMIT;
  for (;;) {
    const socket = make();
    try {
      await socket.bind(endpoint);
      return ok(socket);
    } catch (error) {
      socket.close();
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "EADDRINUSE" || systemClock.monotonic() > until) {
        return err({ kind: "bindFailed", endpoint, detail: message });
      }
      await sleep(systemClock, BIND_AGAIN);
    }
  }
}
