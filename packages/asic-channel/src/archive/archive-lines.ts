import { formatBody } from "../recording/format-line.js";
import { isRecorded, notificationBody, replyBody, requestBodies } from "../recording/from-channel.js";
import type { RecordBody } from "../recording/record.js";
import { type Micros, StampPrinter } from "../recording/stamp.js";
import { AS_RECORDER } from "../recording/style.js";
import { type Position, positionParts } from "../streams/wire.js";
import type { Archived } from "./entry-order.js";

/** One line and when it was said. */
export interface ArchiveLine {
  readonly at: Micros;
  readonly body: RecordBody;
}

/** What an entry leaves in a recording: the lines that a recorder at the client would have written. */
export function archiveLines(archived: Archived): readonly ArchiveLine[] {
  const at = momentAt(archived.position);
  switch (archived.kind) {
    case "request": {
      const { request, reply } = archived;
      if (!isRecorded(request)) return [];
      const lines = requestBodies(request).map((body) => ({ at, body }));
      const answer = reply === undefined ? undefined : replyBody(request, reply.reply, AS_RECORDER);
      return answer === undefined || reply === undefined
        ? lines
        : [...lines, { at: momentAt(reply.position), body: answer }];
    }
    case "notification":
      return [{ at, body: notificationBody(archived.notification) }];
    case "malformed":
      return [{ at, body: { op: "#", text: `malformed: ${archived.reason}` } }];
    case "hole":
      return [{ at, body: { op: "#", text: holeText(archived.entries) } }];
    case "passed":
      return [];
  }
}

function holeText(entries: number | undefined): string {
  if (entries === undefined) return "gap: Redis has lost what it held; how much is missing here is not known";
  return `gap: ${entries} ${entries === 1 ? "entry" : "entries"} of the streams ${entries === 1 ? "is" : "are"} missing here`;
}

function momentAt(position: Position): Micros {
  return positionParts(position)[0] * 1000;
}

/** Lines as a file holds them. Times never go back: a notification that came before a reply stands behind it. */
export class ArchiveText {
  readonly #printer = new StampPrinter();
  #last: Micros = 0;

  print(lines: readonly ArchiveLine[]): string {
    let text = "";
    for (const { at, body } of lines) {
      this.#last = Math.max(this.#last, at);
      text += `${this.#printer.print(this.#last)}|${formatBody(body)}\n`;
    }
    return text;
  }
}
