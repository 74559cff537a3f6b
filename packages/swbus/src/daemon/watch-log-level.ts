import { type Clock, seconds, type Timer } from "@tandem/base";
import { type DaemonLogger, levelFromLoggerRow } from "@tandem/daemon";
import type { Store } from "@tandem/swss";
import { watchKeyEvents } from "./watch-key-events.js";

/** The row is read again this often, in case key events are off or were missed. */
const POLL = seconds(30);

/** Keeps a daemon's log level at what CONFIG_DB `LOGGER|<program>` says, at run time. Returns what stops it. */
export function watchLogLevel(store: Store, program: string, logger: DaemonLogger, clock: Clock): () => void {
  const key = `LOGGER${store.db.separator}${program}`;
  let timer: Timer;
  let stopped = false;
  /** What was wrong with the row when it was last read. */
  let told = "";
  const read = async (): Promise<void> => {
    const reply = await store.command(["HGETALL", key]);
    // Unreadable: the level stays, and the store's owner hears of the connection.
    if (stopped || !reply.ok || !Array.isArray(reply.value)) return;
    const fields: Record<string, string> = {};
    for (let i = 0; i + 1 < reply.value.length; i += 2) fields[String(reply.value[i])] = String(reply.value[i + 1]);
    const level = levelFromLoggerRow(fields);
    if (level.ok) logger.setLevel(level.value);
    else if (level.error !== told) logger.error(`CONFIG_DB ${key}: ${level.error}`);
    told = level.ok ? "" : level.error;
  };
  const again = (): void => void read();
  const poll = (): void => {
    again();
    timer = clock.setTimer(POLL, poll);
  };
  poll();
  const unwatch = watchKeyEvents(store, [key], again);
  return () => {
    stopped = true;
    timer.cancel();
    unwatch();
  };
}
