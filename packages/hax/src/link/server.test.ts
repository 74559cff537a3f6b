import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { CleanUp, systemClock, systemRandom, unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { typedFid } from "../fid.js";
import { encodeFrame, LINK_VERSION } from "./frame.js";
import type { LinkEvent } from "./ha-link.js";
import { openLinkServer } from "./server.js";

test("what a peer says before anybody listens is not lost: a hax that starts is asked at once", async () => {
  await using cleanUp = new CleanUp();
  const folder = await mkdtemp(join(tmpdir(), "hax-link-"));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "link.sock");
  const server = unwrap(
    await openLinkServer({ clock: systemClock, random: systemRandom, addresses: [{ kind: "unix", path }] }),
  );
  cleanUp.use(server);
  const peer = connect(path);
  cleanUp.defer(() => void peer.destroy());
  await once(peer, "connect");
  const cookie = { pid: 1n, timeStart: 1n, uptime: 0n, uuid: 1n };
  peer.write(encodeFrame({ kind: "hello", version: LINK_VERSION, name: "early", cookie }));
  const who = { endpoint: "inet:tcp:127.0.0.1@21003", process: typedFid("r", 1n, 16n), gitRev: "x", pid: 1n };
  const request = { request: 1n, ...who, firstRequest: true, generation: 1n };
  await new Promise<void>((done) => peer.write(encodeFrame({ kind: "entrypointRequest", ...request }), () => done()));
  for (let turns = 0; turns < 20; turns++) await turn();
  const event = await new Promise<LinkEvent>((resolve) => server.onEvent(resolve));
  expect(event).toMatchObject({ kind: "entrypoint", request: { firstRequest: true } });
});
