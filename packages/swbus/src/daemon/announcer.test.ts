import { type Millis, millis, seconds } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { expect, test } from "vitest";
import { AnnouncementDecoder } from "../announcement.js";
import type { Connection } from "../connection-info.js";
import { readEnvelope } from "../envelope.js";
import { messageIds } from "../message-id.js";
import { RouteTable } from "../route-table.js";
import { announced, connection, own } from "../testing/route-words.js";
import { PathDecoder } from "../wire-path.js";
import { Announcer } from "./announcer.js";
import { NODE_LIMITS } from "./node-limits.js";

const peer = connection("to", "r.c.peer", "10.0.0.1:1");
const other = connection("to", "r.c.other", "10.0.0.2:1");

/** `r.c.us` with its announcer, and what it told, by the millisecond. */
function world() {
  const clock = new VirtualClock();
  const us = own("r.c.us");
  const table = new RouteTable([us]);
  const told: { readonly at: Millis; readonly to: string; readonly nodes: readonly string[] }[] = [];
  const paths = new PathDecoder();
  const announcements = new AnnouncementDecoder(paths);
  const announcer = new Announcer({
    table,
    self: us.path,
    clock,
    newId: messageIds(clock),
    send: (to, message) => {
      const read = readEnvelope(message, paths);
      if (!read.ok) throw new Error(read.error.detail);
      const routes = announcements.decode(read.value.content)?.routes ?? [];
      told.push({ at: clock.monotonic(), to: to.remote.node, nodes: routes.map(({ path }) => path.node) });
    },
    ...NODE_LIMITS,
  });
  const stands = (to: Connection): void => {
    table.addConnection(to, clock.monotonic());
    announcer.came(to.remote);
  };
  const falls = (to: Connection): void => {
    table.removeConnection(to.id, clock.monotonic());
    announcer.went(to.remote);
  };
  /** What a peer says that it reaches in one hop. */
  const says = (from: Connection, ...nodes: readonly string[]): void => {
    const routes = nodes.map((node) => announced(`r.c.${node}`, 1));
    if (table.importRoutes(from, routes, clock.monotonic()).changed) announcer.changed();
  };
  return { clock, stands, falls, says, toPeer: () => told.filter(({ to }) => to === "peer").splice(0) };
}

const node = (i: number): Connection => connection("to", `r.c.n${i}`, `10.0.1.${i}:1`);

test("a peer is told at once of a destination that it has not, and ever less often while more of them come", async () => {
  const { clock, stands, toPeer } = world();
  stands(peer);
  await clock.advance(seconds(1));
  stands(node(0));
  await clock.advance(millis(20));
  expect(toPeer().at(-1)).toEqual({ at: 1020, to: "peer", nodes: ["n0", "us"] });
  for (let i = 1; i <= 60; i++) {
    stands(node(i));
    await clock.advance(millis(100));
  }
  await clock.advance(seconds(8));
  const all = toPeer();
  expect(all.at(-1)?.nodes).toHaveLength(62);
  expect(all.length).toBeLessThanOrEqual(8);
});

test("what is gone is told at once, however many destinations are coming", async () => {
  const { clock, stands, falls, toPeer } = world();
  stands(peer);
  for (let i = 0; i < 20; i++) {
    stands(node(i));
    await clock.advance(millis(100));
  }
  const gone = clock.monotonic();
  falls(node(0));
  await clock.advance(millis(640));
  const last = toPeer().at(-1);
  expect(last?.nodes).not.toContain("n0");
  expect(last?.at).toBeLessThanOrEqual(gone + 640);
});

test("a way that is no shorter than the peer's own can wait two seconds, unless the peer loses its own", async () => {
  const { clock, stands, says, toPeer } = world();
  stands(peer);
  says(peer, "other");
  await clock.advance(seconds(1));
  const began = toPeer().length;
  stands(other);
  await clock.advance(millis(500));
  expect(toPeer()).toHaveLength(began);
  says(peer);
  await clock.advance(millis(50));
  expect(toPeer().at(-1)?.nodes).toEqual(["other", "us"]);
  expect(toPeer().length).toBe(began + 1);
});

test("whoever loses nothing hears of the other way within two seconds", async () => {
  const { clock, stands, says, toPeer } = world();
  stands(peer);
  says(peer, "other");
  await clock.advance(seconds(1));
  stands(other);
  await clock.advance(seconds(2));
  expect(toPeer().at(-1)?.nodes).toEqual(["other", "us"]);
});
