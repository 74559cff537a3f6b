import type { ServerResponse } from "node:http";
import { type Clock, type Millis, seconds, type Timer } from "@tandem/base";
import { eventBody } from "../core/events.js";
import type { Northbound } from "../northbound.js";

/** A comment goes out this often, so that both ends notice a connection that is gone. */
const ALIVE_EVERY: Millis = seconds(15);
/** A reader that takes nothing for so long is disconnected. */
const STALLED_AFTER: Millis = seconds(60);
/** Events of one write. */
const BATCH = 64;

/**
 * One reader of the event stream (text/event-stream). It holds a position in the log and nothing else: while its socket
 * is full nothing is written, and when the log has moved on meanwhile it gets an event `lost` that says how many.
 */
export class EventStream {
  readonly #northbound: Northbound;
  readonly #clock: Clock;
  readonly #response: ServerResponse;
  readonly #ended: () => void;
  #position: number;
  /** Text that goes out before the next events. */
  #before = "";
  #full = false;
  #alive: Timer | undefined;
  #stalled: Timer | undefined;
  #unlisten: () => void;
  #over = false;

  constructor(
    northbound: Northbound,
    clock: Clock,
    response: ServerResponse,
    token: string | undefined,
    onLost: (count: number) => void,
    ended: () => void,
  ) {
    this.#northbound = northbound;
    this.#clock = clock;
    this.#response = response;
    this.#ended = ended;
    this.onLost = onLost;
    const { events } = northbound;
    const resume = events.resume(token);
    this.#position = resume.kind === "after" ? resume.seq : events.newest;
    const at = events.token(this.#position);
    const hello = resume.kind === "reset" ? frame("reset", at, { reason: resume.reason }) : frame("ready", at, {});
    this.#before = `retry: 1000\n${hello}`;
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    this.#unlisten = northbound.onEvents(() => this.#pump());
    response.on("drain", () => this.#drained());
    response.on("close", () => this.close());
    response.on("error", () => this.close());
    this.#pump();
    this.#beat();
  }

  readonly onLost: (count: number) => void;

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unlisten();
    this.#alive?.cancel();
    this.#stalled?.cancel();
    this.#response.destroy();
    this.#ended();
  }

  #pump(): void {
    const { events } = this.#northbound;
    while (!this.#over && !this.#full) {
      const { lost, events: some } = events.after(this.#position, BATCH);
      let text = this.#before;
      this.#before = "";
      if (lost > 0) {
        this.#position += lost;
        this.onLost(lost);
        text += frame("lost", events.token(this.#position), { count: lost });
      }
      for (const logged of some) {
        this.#position = logged.seq;
        text += frame(logged.event.kind, events.token(logged.seq), eventBody(logged));
      }
      if (text === "") return;
      this.#write(text);
    }
  }

  #write(text: string): void {
    if (this.#response.write(text)) return;
    this.#full = true;
    this.#stalled = this.#clock.setTimer(STALLED_AFTER, () => this.close());
  }

  #drained(): void {
    this.#full = false;
    this.#stalled?.cancel();
    this.#pump();
  }

  #beat(): void {
    this.#alive = this.#clock.setTimer(ALIVE_EVERY, () => {
      if (!this.#full) this.#write(": alive\n\n");
      this.#beat();
    });
  }
}

function frame(event: string, id: string, data: object): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
