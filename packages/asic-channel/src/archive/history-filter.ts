import { formatBody } from "../recording/format-line.js";
import type { BulkPart, RecLine, RecordBody } from "../recording/record.js";
import { type Micros, momentOf } from "../recording/stamp.js";
import { splitKey } from "../request.js";

/** What is looked for in a recording. */
export interface HistoryQuery {
  /** An object id, a key, or any text that stands whole in a line; all lines when absent. */
  readonly object?: string;
  readonly since: Micros;
  readonly until: Micros;
}

/**
 * Picks the lines about one object in a time: requests that name it, with their replies, and notifications. Of bulk lines
 * the objects that are asked for stay. A comment about a gap is about every object.
 */
export class HistoryFilter {
  readonly #query: HistoryQuery;
  readonly #needle: string | undefined;
  /** What of the last request was picked: nothing, all, or some objects by their place. */
  #picked: "none" | "all" | readonly number[] = "none";

  constructor(query: HistoryQuery) {
    this.#query = query;
    const { object } = query;
    this.#needle = object?.startsWith("SAI_OBJECT_TYPE_") && object.includes(":") ? splitKey(object)[1] : object;
  }

  /** The line or what of it is asked for; `undefined` when nothing is. */
  take(line: RecLine): RecLine | undefined {
    const body = this.#pick(line.body);
    const at = momentOf(line.time) ?? 0;
    if (body === undefined || at < this.#query.since || at > this.#query.until) return undefined;
    return { time: line.time, body };
  }

  #pick(body: RecordBody): RecordBody | undefined {
    switch (body.op) {
      case "A":
      case "F":
      case "G":
      case "E":
      case "Q":
        return this.#pickReply(body);
      case "n":
        return this.#names(formatBody(body)) ? body : undefined;
      case "#":
        return this.#needle === undefined || body.text.startsWith("gap:") || this.#names(body.text) ? body : undefined;
      case "C":
      case "R":
      case "S":
      case "B":
        return this.#pickBulk(body);
      default:
        this.#picked = this.#names(formatBody(body)) ? "all" : "none";
        return this.#picked === "all" ? body : undefined;
    }
  }

  #pickBulk<Body extends Extract<RecordBody, { op: "C" | "R" | "S" | "B" }>>(body: Body): Body | undefined {
    if (this.#needle === undefined) {
      this.#picked = "all";
      return body;
    }
    const places = body.parts.flatMap((part, i) => (this.#names(textOf(part)) ? [i] : []));
    this.#picked = places.length === 0 ? "none" : places;
    return places.length === 0 ? undefined : { ...body, parts: at(body.parts, places) };
  }

  #pickReply(body: Extract<RecordBody, { op: "A" | "F" | "G" | "E" | "Q" }>): RecordBody | undefined {
    const picked = this.#picked;
    this.#picked = "none";
    if (picked === "all") return body;
    if (picked === "none") return this.#needle !== undefined && this.#names(formatBody(body)) ? body : undefined;
    if (body.op === "G" && body.kind === "bulk") return { ...body, parts: at(body.parts, picked) };
    if (body.op === "E" && body.statuses !== undefined) return { ...body, statuses: at(body.statuses, picked) };
    return body;
  }

  /** Whether a text holds what is asked for, and not as the beginning of something longer. */
  #names(text: string): boolean {
    const needle = this.#needle;
    if (needle === undefined) return true;
    for (let i = text.indexOf(needle); i >= 0; i = text.indexOf(needle, i + 1)) {
      if (!/[0-9A-Za-z]/.test(text[i + needle.length] ?? "")) return true;
    }
    return false;
  }
}

function textOf({ head, attributes = "" }: BulkPart): string {
  return `${head}|${attributes}`;
}

function at<T>(items: readonly T[], places: readonly number[]): readonly T[] {
  return places.flatMap((place) => items[place] ?? []);
}
