import { setMaxListeners } from "node:events";
import { seconds, systemClock, type Timer } from "@tandem/base";

/** A clean end that takes longer is cut short. */
const END_LIMIT = seconds(20);
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const EXIT_BY_SIGNAL = 128;

export interface Ending extends Disposable {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP, or with `outer`. */
  readonly signal: AbortSignal;
}

/**
 * Watches for the end: the first signal asks for a clean one, a second one, or `END_LIMIT` after the first, ends the
 * process at once (what listens for its `exit` kills the children and removes the folder).
 */
export function watchForEnd(program: string, outer: AbortSignal, complain: (line: string) => void): Ending {
  const ending = new AbortController();
  setMaxListeners(0, ending.signal); // each wait of each process listens for a while
  let deadline: Timer | undefined;
  let first: string | undefined;

  const end = (reason: string): void => {
    if (ending.signal.aborted) return;
    ending.abort(new Error(`ended by ${reason}`));
    deadline = systemClock.setTimer(END_LIMIT, () => {
      complain(`${program}: not ended within ${END_LIMIT / 1000} s of ${reason}: ends now`);
      process.exit(1);
    });
  };
  const listeners = Object.entries(SIGNALS).map(([name, number]) => {
    const listener = (): void => {
      if (first !== undefined) process.exit(EXIT_BY_SIGNAL + number);
      first = name;
      end(name);
    };
    process.on(name, listener);
    return () => process.removeListener(name, listener);
  });
  const onOuter = (): void => end("its caller");
  if (outer.aborted) onOuter();
  outer.addEventListener("abort", onOuter, { once: true });

  return {
    signal: ending.signal,
    [Symbol.dispose]() {
      deadline?.cancel();
      outer.removeEventListener("abort", onOuter);
      for (const remove of listeners) remove();
    },
  };
}
