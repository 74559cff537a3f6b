import { type NotificationConsumer, type Store, Table } from "@tandem/swss";
import type { Asic } from "../virtual-asic/asic.js";

/** How a syncd is asked to stop over RESTARTQUERY. Unknown words mean COLD. */
export type Shutdown = "COLD" | "WARM" | "FAST" | "EXPRESS";

/** How far a warm shutdown came: STATE_DB `WARM_RESTART_TABLE|warm-shutdown`. */
type WarmState = "pre-shutdown-succeeded" | "pre-shutdown-failed" | "warm-shutdown-succeeded" | "warm-shutdown-failed";

export interface ShutdownOptions {
  readonly queries: NotificationConsumer;
  /** STATE_DB. */
  readonly state: Store;
  readonly asic: Asic;
  /** Nothing but RESTARTQUERY is served from here on. Resolves when what was taken is done. */
  readonly quiesce: () => Promise<void>;
  readonly log: (text: string) => void;
}

/** Serves RESTARTQUERY until a shutdown is asked for and done; gives which, or nothing when `signal` aborts before. */
export async function untilShutdown(options: ShutdownOptions, signal: AbortSignal): Promise<Shutdown | undefined> {
  const { queries, asic, quiesce, log } = options;
  while (!signal.aborted) {
    const query = queries.pop();
    if (query === undefined) {
      await queries.ready(signal).catch(() => false);
      continue;
    }
    const word = query.op;
    log(`asked to stop: ${word}`);
    await quiesce();
    if (word === "PRE-SHUTDOWN" || word === "PRE-EXPRESS-SHUTDOWN") {
      await note(options, "pre-shutdown-succeeded");
      continue;
    }
    const kind = word === "WARM" || word === "FAST" || word === "EXPRESS" ? word : "COLD";
    if (kind === "COLD") await asic.call({ call: "reset" });
    if (kind === "WARM" || kind === "EXPRESS") await note(options, "warm-shutdown-succeeded");
    return kind;
  }
  return undefined;
}

async function note({ state, log }: ShutdownOptions, word: WarmState): Promise<void> {
  const written = await new Table(state, "WARM_RESTART_TABLE").hset("warm-shutdown", "state", word);
  if (!written.ok) log(`STATE_DB does not take ${word}`);
}
