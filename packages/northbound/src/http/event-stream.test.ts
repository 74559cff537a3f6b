import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { test } from "vitest";
import { EventLog } from "../core/events.js";
import type { Northbound } from "../northbound.js";
import { EventStream } from "./event-stream.js";

/** A socket that is full until it is told otherwise. */
class Socket extends EventEmitter {
  text = "";
  full = false;
  destroyed = false;
  writeHead(): this {
    return this;
  }
  write(text: string): boolean {
    this.text += text;
    return !this.full;
  }
  destroy(): void {
    this.destroyed = true;
  }
  frames(): readonly string[] {
    return [...this.text.matchAll(/^event: (\S+)$/gm)].map(([, name]) => name as string);
  }
}

function stream(max = 8) {
  const clock = new VirtualClock();
  const events = new EventLog(1, max);
  const listeners = new Set<() => void>();
  const northbound = {
    events,
    onEvents: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Northbound;
  const socket = new Socket();
  let lost = 0;
  let ended = 0;
  const count = (by: number): void => {
    lost += by;
  };
  const end = (): void => {
    ended += 1;
  };
  new EventStream(northbound, clock, socket as unknown as ServerResponse, undefined, count, end);
  const add = (n: number): void => {
    for (let i = 0; i < n; i++) {
      events.add({ kind: "reset_progress", id: "r", step: "done", reason: "" }, 0);
      for (const listener of listeners) listener();
    }
  };
  return { clock, socket, add, told: () => [lost, ended] };
}

test("a reader that is too slow gets a mark with what it lost, then goes on", () => {
  const { socket, add, told } = stream();
  assert.deepEqual(socket.frames(), ["ready"]);
  socket.full = true;
  add(21);
  assert.deepEqual(socket.frames(), ["ready", "reset_progress"]);
  socket.full = false;
  socket.emit("drain");
  assert.deepEqual(socket.frames().slice(2), ["lost", ...Array(8).fill("reset_progress")]);
  assert.match(socket.text, /event: lost\ndata: \{"count":12\}/);
  assert.deepEqual(told(), [12, 0]);
});

test("a reader that takes nothing for a minute is disconnected; one that is there hears that it is alive", async () => {
  const { clock, socket, add, told } = stream();
  await clock.advance(seconds(20));
  assert.match(socket.text, /: alive/);
  socket.full = true;
  add(1);
  await clock.advance(seconds(59));
  assert.equal(socket.destroyed, false);
  await clock.advance(seconds(2));
  assert.equal(socket.destroyed, true);
  assert.deepEqual(told(), [0, 1]);
});
