import { err, ok } from "@tandem/base";
import { ASIC_OPS, type ChannelMode } from "./op.js";
import type { Recorder } from "./recorder.js";
import type { Turn } from "./recording/turns.js";
import type { AsicObserver } from "./transport.js";

interface Open {
  readonly id: string | undefined;
  readonly turn: Turn;
}

/**
 * Records what an observer sees, until `signal` aborts. Replies come in the order of requests, so a reply says of all
 * requests before its own that nobody waits for theirs. What the observer missed is a gap in the file.
 */
export async function recordObserved(
  observer: AsicObserver,
  recorder: Recorder,
  mode: ChannelMode,
  signal: AbortSignal,
): Promise<void> {
  let open: Open[] = [];
  const accept = (requests: readonly Open[]): void => {
    for (const { turn } of requests) recorder.ended(turn, ok({ kind: "accepted" }));
  };
  for await (const event of observer.events(signal)) {
    switch (event.kind) {
      case "request": {
        const turn = recorder.asked(event.request);
        const waits = mode === "sync" || ASIC_OPS[event.request.op].answered === "always";
        if (waits) open.push({ id: event.id, turn });
        else recorder.ended(turn, ok({ kind: "accepted" }));
        break;
      }
      case "reply": {
        const i = event.id === undefined ? 0 : open.findIndex(({ id }) => id === event.id);
        const asked = open[i];
        if (asked === undefined) break;
        accept(open.slice(0, i));
        recorder.ended(asked.turn, ok({ kind: "replied", reply: event.reply }));
        open = open.slice(i + 1);
        break;
      }
      case "notification":
        recorder.notified(event.notification);
        break;
      case "gap":
        for (const { turn } of open)
          recorder.ended(turn, err({ kind: "unknown", reason: "its reply was not observed" }));
        open = [];
        recorder.missed(event.count ?? 1);
        break;
    }
  }
  accept(open);
}
