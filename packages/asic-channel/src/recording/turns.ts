import type { Result } from "@tandem/base";
import { type AsicError, describeAsicError } from "../asic-error.js";
import type { AsicNotification } from "../notification.js";
import { FAILURE, replyTo, SUCCESS } from "../reply.js";
import type { AsicRequest } from "../request.js";
import type { AsicAnswer } from "../transport.js";
import { formatBody } from "./format-line.js";
import { isRecorded, notificationBody, replyBody, requestBodies } from "./from-channel.js";
import type { RecordBody } from "./record.js";
import { type Micros, StampPrinter } from "./stamp.js";
import type { RecordingStyle } from "./style.js";

/** How a request ended, as its caller learned. */
export type TurnEnd = Result<AsicAnswer, AsicError>;

/** One request between being sent and being answered. */
export interface Turn {
  readonly request: AsicRequest;
  /** No line of it is written: it leaves none, or there was no room. */
  readonly skipped: boolean;
  /** Lines that are missing before it. */
  readonly gap: number;
  end: { readonly how: TurnEnd; readonly skipped: boolean } | undefined;
}

/** Something that becomes lines when somebody has time. */
type Piece =
  | { readonly kind: "request"; readonly at: Micros; readonly request: AsicRequest }
  | { readonly kind: "end"; readonly at: Micros; readonly request: AsicRequest; readonly how: TurnEnd }
  | { readonly kind: "notification"; readonly at: Micros; readonly notification: AsicNotification }
  | { readonly kind: "comment"; readonly at: Micros; readonly text: string };

/** Lines with their line feeds, and how many they are. */
export interface TurnLines {
  readonly text: string;
  readonly lines: number;
}

/**
 * Puts what is said on a channel into the order of a recording: a request, then its reply, then the next request, however
 * many are under way. The lines of a request wait for the replies to those before it; notifications stand where they came.
 *
 * What waits is bounded by its characters. Beyond the bound requests and notifications leave no line, and the next request
 * that does is preceded by a comment that counts them; replies still do, up to twice the bound, so that no request is left
 * without its reply.
 */
export class Turns {
  /** Lines that were left out since the beginning. */
  lost = 0;
  readonly #style: RecordingStyle;
  readonly #charsMax: number;
  readonly #printer = new StampPrinter();
  /** Without those before `#head`, which are done. */
  #underWay: Turn[] = [];
  #head = 0;
  #pieces: Piece[] = [];
  #chars = 0;
  #gap = 0;

  constructor(style: RecordingStyle, charsMax: number) {
    this.#style = style;
    this.#charsMax = charsMax;
  }

  /** Requests that are not answered. */
  get underWay(): number {
    return this.#underWay.length - this.#head;
  }

  /** Characters that wait, about. */
  get chars(): number {
    return this.#chars;
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0 && (this.#gap === 0 || this.underWay > 0);
  }

  /** A request that is about to be sent. Give what it returns to `ended`. */
  asked(request: AsicRequest, at: Micros): Turn {
    const recorded = isRecorded(request);
    const room = !recorded || this.#take(charsOf(request.key, request.fields), this.#charsMax);
    const gap = recorded && room ? this.#gap : 0;
    if (gap > 0) this.#gap = 0;
    const turn: Turn = { request, skipped: !recorded || !room, gap, end: undefined };
    this.#underWay.push(turn);
    if (this.underWay === 1) this.#begin(turn, at);
    return turn;
  }

  /** A request has been answered, or will not be. */
  ended(turn: Turn, how: TurnEnd, at: Micros): void {
    const reply = how.ok && how.value.kind === "replied" ? how.value.reply : undefined;
    const chars = reply === undefined ? LINE_CHARS : charsOf(reply.status, reply.fields);
    turn.end = { how, skipped: turn.skipped || !this.#take(chars, 2 * this.#charsMax) };
    let head = this.#underWay[this.#head];
    while (head?.end !== undefined) {
      // Times never go back in a file: what waited for its turn has the time of its turn.
      this.#finish(head, head.end, at);
      this.#head += 1;
      head = this.#underWay[this.#head];
      if (head !== undefined) this.#begin(head, at);
    }
    // Not at each: with many under way that would copy them all for every one that ends.
    if (this.#head > FORGOTTEN_AT && this.#head * 2 > this.#underWay.length) {
      this.#underWay = this.#underWay.slice(this.#head);
      this.#head = 0;
    }
  }

  notified(notification: AsicNotification, at: Micros): void {
    if (!this.#take(charsOf(notification.data, notification.fields), this.#charsMax)) return;
    this.#pieces.push({ kind: "notification", at, notification });
  }

  comment(text: string, at: Micros): void {
    this.#pieces.push({ kind: "comment", at, text });
  }

  /** Lines went missing elsewhere: the next request is preceded by a comment that counts them too. */
  missed(lines: number): void {
    this.#gap += lines;
    this.lost += lines;
  }

  /** All that waits, as lines with their line feeds; it is then gone from here. `at` is the time now. */
  take(at: Micros): TurnLines {
    if (this.#gap > 0 && this.underWay === 0) {
      this.comment(gapText(this.#gap), at);
      this.#gap = 0;
    }
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#chars = 0;
    let text = "";
    let lines = 0;
    for (const piece of pieces) {
      for (const body of this.#bodiesOf(piece)) {
        text += `${this.#printer.print(piece.at)}|${formatBody(body)}\n`;
        lines += 1;
      }
    }
    return { text, lines };
  }

  #take(chars: number, limit: number): boolean {
    if (this.#chars + chars > limit) {
      this.#gap += 1;
      this.lost += 1;
      return false;
    }
    this.#chars += chars;
    return true;
  }

  #begin({ request, skipped, gap }: Turn, at: Micros): void {
    if (gap > 0) this.comment(gapText(gap), at);
    if (!skipped) this.#pieces.push({ kind: "request", at, request });
  }

  #finish({ request }: Turn, { how, skipped }: NonNullable<Turn["end"]>, at: Micros): void {
    if (!skipped && !isSilent(request, how)) this.#pieces.push({ kind: "end", at, request, how });
  }

  #bodiesOf(piece: Piece): readonly RecordBody[] {
    switch (piece.kind) {
      case "request":
        return requestBodies(piece.request);
      case "notification":
        return [notificationBody(piece.notification)];
      case "comment":
        return [{ op: "#", text: piece.text }];
      case "end":
        return this.#endBodies(piece.request, piece.how);
    }
  }

  #endBodies(request: AsicRequest, how: TurnEnd): readonly RecordBody[] {
    if (how.ok) {
      const body = how.value.kind === "replied" ? replyBody(request, how.value.reply, this.#style) : undefined;
      return body === undefined ? [] : [body];
    }
    // As upstream's client: a request without a reply has failed. The comment says what is known beyond that.
    const body = replyBody(request, replyTo(request.op, FAILURE), this.#style);
    const comment: RecordBody = { op: "#", text: `${request.op} ${request.key}: ${describeAsicError(how.error)}` };
    return body === undefined ? [comment] : [body, comment];
  }
}

/** Changes that went well leave no second line, and are most of what is said. */
function isSilent({ op }: AsicRequest, how: TurnEnd): boolean {
  if (!how.ok) return false;
  return how.value.kind === "accepted" || (how.value.reply.status === SUCCESS && (op === "create" || op === "set"));
}

/** Turns that are done before their places are given up. */
const FORGOTTEN_AT = 1024;

/** What a line takes beside its texts: time, op, bars, and what holds it here. */
const LINE_CHARS = 120;
const FIELD_CHARS = 40;

function charsOf(head: string, fields: AsicRequest["fields"]): number {
  let chars = LINE_CHARS + head.length;
  for (const [name, value] of fields) chars += FIELD_CHARS + name.length + value.length;
  return chars;
}

function gapText(lines: number): string {
  return `gap: ${lines} ${lines === 1 ? "line is" : "lines are"} missing here`;
}
