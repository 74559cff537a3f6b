import { openRingFile, type RingFile, type RingSizes } from "@tandem/asic-channel";
import type { Tally } from "../tally.js";

const SIZES: RingSizes = { requests: 2 ** 24, replies: 2 ** 22, notifications: 4096 };

/** Looks before the rest of the process has its turn. */
const LOOKS = 20_000;

export function ringAt(path: string): RingFile {
  return openRingFile(path, SIZES);
}

/** Looks without a pause, and writes back what it reads. */
export function ringEcho(path: string): Promise<string> {
  const { requests, replies } = ringAt(path);
  spin(() => {
    const next = requests.peek();
    if (next?.kind !== "record") return;
    replies.put(next.record.payload, 1, 0);
    requests.release(next.record.next, next.record.sequence);
  });
  return Promise.resolve(path);
}

/** Looks without a pause, and counts what it reads. */
export function ringSink(tally: Tally, path: string): Promise<string> {
  const { requests } = ringAt(path);
  spin(() => {
    const next = requests.peek();
    if (next?.kind !== "record") return;
    requests.release(next.record.next, next.record.sequence);
    tally.add(1);
  });
  return Promise.resolve(path);
}

function spin(look: () => void): void {
  for (let i = 0; i < LOOKS; i++) look();
  setImmediate(() => spin(look));
}
