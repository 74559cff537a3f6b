import { type Clock, type DiskError, describeDiskError, type Millis, millis, type Result, sleep } from "@tandem/base";
import { describeAsicError } from "../asic-error.js";
import { isAnswered } from "../op.js";
import { momentOf } from "../recording/stamp.js";
import type { AsicReply } from "../reply.js";
import { replyTo, SUCCESS } from "../reply.js";
import type { AsicAnswer, AsicClient } from "../transport.js";
import { type Agreement, compareBulkGet, compareChange, compareGet, compareStatus } from "./compare.js";
import type { NumberedLine } from "./numbered-lines.js";
import { type Step, stepsOf } from "./script.js";
import { PlaySummary } from "./summary.js";
import { removedBy, translate } from "./translate.js";
import { VidMap } from "./vid-map.js";
import type { Vids } from "./vids.js";

export interface PlayOptions {
  readonly client: AsicClient;
  readonly lines: AsyncIterable<Result<NumberedLine, DiskError>>;
  readonly clock: Clock;
  readonly vids: Vids;
  /** `real`: as long between requests as in the recording. `max`: as fast as they are answered. */
  readonly speed: "real" | "max";
  /** Longest pause that `real` makes; default as recorded. */
  readonly pauseMax?: Millis;
  /** A line that cannot be read is passed over, or ends the play. */
  readonly onBadLine: "skip" | "fatal";
  /** A reply that differs ends the play, or is counted. */
  readonly onMismatch: "stop" | "go-on";
  /** View changes are not sent. */
  readonly skipViews: boolean;
  readonly signal: AbortSignal;
}

/** Between attempts while the channel is full. */
const FULL_RETRY = millis(20);

/** How long a full channel is waited for. */
const FULL_WITHIN = millis(60_000);

/** Plays a recording: sends its requests in order, and compares each reply with the recorded one. */
export async function play(options: PlayOptions): Promise<PlaySummary> {
  const player = new Player(options);
  for await (const step of stepsOf(options.lines)) {
    if (options.signal.aborted) player.summary.end("it was told to end before the recording did");
    else await player.take(step);
    if (player.summary.ended !== undefined) break;
  }
  player.summary.learned = player.learned;
  return player.summary;
}

class Player {
  readonly summary = new PlaySummary();
  readonly #options: PlayOptions;
  readonly #map = new VidMap();
  readonly #start: number;
  #due = 0;
  #before: number | undefined;

  constructor(options: PlayOptions) {
    this.#options = options;
    this.#start = options.clock.monotonic();
  }

  get learned(): number {
    return this.#map.size;
  }

  async take(step: Step): Promise<void> {
    switch (step.kind) {
      case "request":
        return this.#request(step);
      case "pause":
        this.summary.pauses += 1;
        this.#due += step.milliseconds;
        return this.#sleep(step.milliseconds);
      case "aside":
        return this.summary.passOver(step.op);
      case "unreadable":
        this.summary.skip(step.line, step.reason);
        if (this.#options.onBadLine === "fatal") this.summary.end(`line ${step.line}: ${step.reason}`);
        return;
      case "failed":
        return this.summary.end(`${describeDiskError(step.error)}; the rest of the recording is not played`);
    }
  }

  async #request(step: Extract<Step, { kind: "request" }>): Promise<void> {
    const { line, op, time } = step;
    if (op === "a" && this.#options.skipViews) return this.summary.passOver(op);
    if (this.#options.speed === "real") await this.#untilDue(time);
    const translated = await translate(step.request, this.#map, this.#options.vids);
    if (!translated.ok) return this.#mismatch(line, op, translated.error);
    const { request, created } = translated.value;
    const answer = await this.#send(request);
    if (answer === "aborted") return this.summary.end("it was told to end before the recording did");
    if (!answer.ok) {
      const described = describeAsicError(answer.error);
      if (answer.error.kind === "invalidRequest") return this.take({ kind: "unreadable", line, reason: described });
      return this.summary.end(`line ${line}: ${described}`);
    }
    this.summary.play(op);
    const reply = answer.value.kind === "replied" ? answer.value.reply : undefined;
    if (created.length > 0 && reply !== undefined && reply.status !== SUCCESS && request.op === "create")
      for (const recorded of created) this.#map.forget(recorded);
    if (reply === undefined || reply.status === SUCCESS)
      for (const recorded of removedBy(step.request)) this.#map.forget(recorded);
    if (reply !== undefined) this.#compare(step, reply);
    else if (isAnswered(request.op, this.#options.client.mode))
      this.#compare(step, replyTo(request.op, "no status: the channel gave no reply"));
  }

  #compare(step: Extract<Step, { kind: "request" }>, live: AsicReply): void {
    const agreement = this.#agreement(step, live);
    if (agreement === undefined) return;
    this.summary.compared += 1;
    if (!agreement.ok) this.#mismatch(step.line, step.op, agreement.error);
    else if (agreement.value.warning !== undefined)
      this.summary.warn(step.line, `${step.op}: ${agreement.value.warning}`);
  }

  /** Nothing where the recording holds no reply to compare with. */
  #agreement({ op, reply }: Extract<Step, { kind: "request" }>, live: AsicReply): Agreement | undefined {
    if (op !== "a" && op !== "f" && op !== "g" && op !== "B") return compareChange(reply, live);
    if (reply === undefined) return undefined;
    if (op === "g") return compareGet(reply, live, this.#map);
    return op === "B" ? compareBulkGet(reply, live, this.#map) : compareStatus(reply, live);
  }

  #mismatch(line: number, op: string, difference: string): void {
    this.summary.differ(line, `${op}: ${difference}`);
    if (this.#options.onMismatch === "stop") this.summary.end(`line ${line}: ${op}: ${difference}`);
  }

  /** A full channel is waited for: its server is slow, which is no reason to lose the order. */
  async #send(
    request: Parameters<AsicClient["request"]>[0],
  ): Promise<Awaited<ReturnType<AsicClient["request"]>> | "aborted"> {
    const { client, clock, signal } = this.#options;
    const until = clock.monotonic() + FULL_WITHIN;
    try {
      for (;;) {
        const answer: Result<AsicAnswer, Parameters<typeof describeAsicError>[0]> = await client.request(
          request,
          signal,
        );
        if (answer.ok || answer.error.kind !== "queueFull" || clock.monotonic() >= until) return answer;
        await sleep(clock, FULL_RETRY, signal);
      }
    } catch (error) {
      if (signal.aborted) return "aborted";
      throw error;
    }
  }

  /** Waits until as much time has passed since the first request as in the recording. */
  async #untilDue(time: string): Promise<void> {
    const at = momentOf(time);
    if (at === undefined) return;
    const { clock, pauseMax = millis(Number.POSITIVE_INFINITY) } = this.#options;
    if (this.#before === undefined) this.#due = clock.monotonic() - this.#start;
    else this.#due += Math.min(Math.max(0, (at - this.#before) / 1000), pauseMax);
    this.#before = at;
    await this.#sleep(this.#start + this.#due - clock.monotonic());
  }

  async #sleep(duration: number): Promise<void> {
    const { clock, signal } = this.#options;
    if (duration <= 0) return;
    try {
      await sleep(clock, millis(duration), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
