import { type Clock, seconds, within } from "@tandem/base";
import type { MessageCounts } from "./cluster-host.js";

/** A daemon that has not answered by then is left out. */
const ANSWER_LIMIT = seconds(5);

const SERIES = {
  inProcess: "tandem_hamgrd_messages_local",
  toBus: "tandem_hamgrd_messages_sent",
  forwarded: "tandem_swbusd_messages_forwarded_total",
  announcements: "tandem_swbusd_announcements_sent_total",
} as const satisfies Record<keyof MessageCounts, string>;

/** Asks the daemons that serve metrics at these ports of 127.0.0.1, one after the other. */
export async function countMessages(ports: readonly number[], clock: Clock): Promise<MessageCounts> {
  const counts = { inProcess: 0, toBus: 0, forwarded: 0, announcements: 0 };
  for (const port of ports) {
    const text = await within(clock, ANSWER_LIMIT, textAt(`http://127.0.0.1:${port}/metrics`));
    for (const [name, series] of Object.entries(SERIES)) {
      counts[name as keyof MessageCounts] += valueIn(text ?? "", series);
    }
  }
  return counts;
}

/** The value of a series without labels; 0 where there is none. */
export function valueIn(metrics: string, series: string): number {
  return Number(new RegExp(`^${series} (\\S+)$`, "m").exec(metrics)?.[1] ?? 0);
}

async function textAt(url: string): Promise<string> {
  try {
    return await (await fetch(url)).text();
  } catch {
    return ""; // it was killed
  }
}
