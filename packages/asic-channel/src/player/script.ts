import type { DiskError, Result } from "@tandem/base";
import { parseLine } from "../recording/parse-line.js";
import { describeLineFault, type RecLine } from "../recording/record.js";
import { type LineRole, type RecordedReply, recordedReply, roleOf } from "../recording/to-channel.js";
import type { AsicRequest } from "../request.js";
import type { NumberedLine } from "./numbered-lines.js";

/** One thing that a player does, from one line or from a request and its reply. */
export type Step =
  | {
      readonly kind: "request";
      readonly line: number;
      readonly time: string;
      readonly request: AsicRequest;
      readonly op: string;
      /** The reply in the recording; absent where it holds none. */
      readonly reply?: RecordedReply;
    }
  | { readonly kind: "pause"; readonly line: number; readonly milliseconds: number }
  /** A notification, a comment, or what players pass over. */
  | { readonly kind: "aside"; readonly line: number; readonly op: string }
  | { readonly kind: "unreadable"; readonly line: number; readonly reason: string }
  | { readonly kind: "failed"; readonly error: DiskError };

type Asked = Extract<Step, { kind: "request" }> & { readonly answeredBy: "A" | "F" | "G" | "E" };

/** Lines between a request and its reply that do not part them. */
const BETWEEN = new Set(["n", "#"]);

/**
 * Reads a recording as a player needs it: each request with the reply that follows it. Notifications and comments may stand
 * between the two. Whatever cannot be read is a step too, so that nothing is passed over unseen.
 */
export async function* stepsOf(lines: AsyncIterable<Result<NumberedLine, DiskError>>): AsyncGenerator<Step> {
  let asked: Asked | undefined;
  const stepFor = (request: Asked, reply?: RecordedReply): readonly Step[] => {
    const { answeredBy, ...step } = request;
    if (reply !== undefined) return [{ ...step, reply }];
    if (answeredBy === "E") return [step];
    const reason = `expected its reply, a line ${answeredBy}, behind it; it is played, and compared with nothing`;
    return [{ kind: "unreadable", line: request.line, reason }, step];
  };
  for await (const read of lines) {
    if (!read.ok) {
      if (asked !== undefined) yield* stepFor(asked);
      yield { kind: "failed", error: read.error };
      return;
    }
    const { number: line } = read.value;
    const parsed = parsedLine(read.value);
    if (typeof parsed === "string") {
      // A line between a request and its reply that nobody can read does not part them either.
      yield { kind: "unreadable", line, reason: parsed };
      continue;
    }
    const { time, body } = parsed;
    if (asked !== undefined && !BETWEEN.has(body.op)) {
      const reply = recordedReply(body, asked.answeredBy);
      yield* stepFor(asked, reply.ok ? reply.value : undefined);
      asked = undefined;
      if (reply.ok) continue;
    }
    const role = roleOf(body);
    if (role.kind === "request") {
      asked = { kind: "request", line, time, request: role.request, op: body.op, answeredBy: role.answeredBy };
    } else yield stepOf(line, body.op, role);
  }
  if (asked !== undefined) yield* stepFor(asked);
}

function parsedLine({ text, cut }: NumberedLine): RecLine | string {
  if (cut) return `expected a line of at most ${text.length} characters`;
  const parsed = parseLine(text);
  return parsed.ok ? parsed.value : describeLineFault(parsed.error);
}

function stepOf(line: number, op: string, role: Exclude<LineRole, { kind: "request" }>): Step {
  switch (role.kind) {
    case "reply":
      return { kind: "unreadable", line, reason: `expected a request before the reply ${op}` };
    case "notification":
    case "aside":
      return { kind: "aside", line, op };
    case "pause":
      return { kind: "pause", line, milliseconds: role.milliseconds };
    case "unreadable":
      return { kind: "unreadable", line, reason: role.reason };
  }
}
