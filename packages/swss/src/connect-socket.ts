/** What can be connected: a PUSH or a REQ socket of the library. */
interface Connectable {
  connect(endpoint: string): void;
  close(): void;
}

/** So many signals in a row, each within the microseconds of one attempt, are no accident. */
const ATTEMPTS_MAX = 100;

/**
 * A connected socket; the peer need not be there. `prepare` is told of each socket before it connects. libzmq gives up the
 * attempt during which a signal comes, any signal, and the library passes that on as an error of the call (EINTR): another
 * socket takes the place of that one. Throws what else goes wrong, e.g. an endpoint that is none.
 */
export function connectSocket<S extends Connectable>(
  make: () => S,
  endpoint: string,
  prepare: (socket: S) => void = () => undefined,
): S {
  for (let attempt = 1; ; attempt++) {
    const socket = make();
    try {
      prepare(socket);
      socket.connect(endpoint);
      return socket;
    } catch (error) {
      socket.close();
      if ((error as NodeJS.ErrnoException).code !== "EINTR" || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
}
