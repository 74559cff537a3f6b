import { type Clock, type Millis, millis, type Timer } from "@tandem/base";

/** What is waited for is looked for this often at least before the wait is over, however rarely this process gets to run. */
const LOOKS = 4;

/**
 * A limit on how long somebody else may take. It is cut into pieces, one after the other, so what lies in a socket while
 * this process does not run is read before it is judged: a piece that ends late is not made up for.
 */
export function setPatience(clock: Clock, limit: Millis, isOver: () => void): Timer {
  let left = LOOKS;
  let timer: Timer;
  const look = (): void => {
    left -= 1;
    if (left === 0) isOver();
    else timer = clock.setTimer(millis(limit / LOOKS), look);
  };
  timer = clock.setTimer(millis(limit / LOOKS), look);
  return { cancel: () => timer.cancel() };
}
