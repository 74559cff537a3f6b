import { millis, seconds, seededRandom, systemClock, unwrap } from "@tandem/base";
import { afterEach, expect, test } from "vitest";
import type { CheckStatus } from "../consul-double/catalog.js";
import { type ConsulDouble, startConsulDouble } from "../consul-double/consul-double.js";
import { checksOfCandidate } from "./candidacy.js";
import type { ConsulSessions } from "./consul-api.js";
import { type ElectionEvent, isStale, LEADER_KEY, standForElection } from "./election.js";
import { HttpConsul } from "./http-consul.js";

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** A cluster of two nodes; the pauses of candidates pass at once, Consul's own time is real. */
async function stage() {
  const double = await startConsulDouble({ node: "b1" });
  double.state.registerNode("b2", "10.9.8.22");
  const consul = new HttpConsul({ clock: systemClock, addresses: [double.url] });
  for (const node of ["b1", "b2"]) register(double, node, "confd", "9");
  open.push(async () => {
    await consul[Symbol.asyncDispose]();
    await double[Symbol.asyncDispose]();
  });
  return { double, consul };
}

function register({ state }: ConsulDouble, node: string, name: string, id: string, status: CheckStatus = "passing") {
  const check = { node, checkId: `service:${id}`, name: "", status, output: "", serviceId: id, serviceName: name };
  state.registerService({ node, id, name, address: "", port: 1, meta: {} }, check);
}

function candidate(consul: ConsulSessions, node: string) {
  const seen: ElectionEvent[] = [];
  const wakes: (() => void)[] = [];
  const ending = new AbortController();
  const impatient = {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    setTimer: (delay: number, fire: () => void) => systemClock.setTimer(millis(Math.min(delay, 20)), fire),
  };
  const observer = (event: ElectionEvent): void => {
    seen.push(event);
    for (const wake of wakes.splice(0)) wake();
  };
  const options = {
    consul,
    clock: impatient,
    random: seededRandom(node.length),
    node,
    checks: (signal: AbortSignal) => checksOfCandidate(consul, node, signal),
    observer,
  };
  const done = standForElection(options, ending.signal);
  const stop = async (): Promise<void> => {
    ending.abort();
    await done;
  };
  open.push(stop);
  return {
    stop,
    seen,
    async until(kind: ElectionEvent["kind"]): Promise<void> {
      while (!seen.some((event) => event.kind === kind)) await new Promise<void>((resolve) => wakes.push(resolve));
    },
  };
}

const holder = (double: ConsulDouble) => double.state.kv.get(LEADER_KEY);

test("a stub value without a session provokes an election, and the winner writes its node", async () => {
  const { double, consul } = await stage();
  unwrap(await consul.put(LEADER_KEY, "elect123"));
  const one = candidate(consul, "b1");
  await one.until("elected");
  expect(holder(double)).toMatchObject({ value: Buffer.from("b1").toString("base64") });
  const node = unwrap(await consul.sessionNode(holder(double)?.session as string)).value;
  expect(node).toBe("b1");
});

test("whoever stops gives the leadership back, and another takes it at once", async () => {
  const { double, consul } = await stage();
  const one = candidate(consul, "b1");
  await one.until("elected");
  const two = candidate(consul, "b2");
  await one.stop();
  await two.until("elected");
  expect(holder(double)).toMatchObject({ value: Buffer.from("b2").toString("base64") });
});

test("a node that is lost is deposed, and the other leads once the lock delay is over", async () => {
  const { double, consul } = await stage();
  const one = candidate(consul, "b1");
  await one.until("elected");
  const two = candidate(consul, "b2");
  double.state.setCheck("b1", "serfHealth", "critical", "", systemClock.monotonic());
  double.changed();
  await Promise.all([one.until("deposed"), two.until("elected")]);
  expect(holder(double)).toMatchObject({ value: Buffer.from("b2").toString("base64") });
});

test("at the start a session behind an elect stub is removed", async () => {
  const { consul } = await stage();
  const session = unwrap(
    await consul.createSession({ name: "old", node: "b2", checks: ["serfHealth"], lockDelay: seconds(2) }),
  );
  unwrap(await consul.put(LEADER_KEY, "elect7", { acquire: session }));
  const one = candidate(consul, "b1");
  await one.until("elected");
  expect(one.seen[0]).toEqual({ kind: "staleSessionRemoved", session });
});

test("only a session behind nothing or a stub is stale", () => {
  const entry = (text: string, session?: string) => ({
    ...{ key: LEADER_KEY, text, modifyIndex: 1 },
    ...(session !== undefined && { session }),
  });
  expect(["", "elect1", "b1", "election", "elect"].map((text) => isStale(entry(text, "s")))).toEqual([
    ...[true, true, false, false, false],
  ]);
  expect(isStale(entry("elect1"))).toBe(false);
});

test("#1784: whoever stops while Consul has no leader stops nonetheless", async () => {
  const { double, consul } = await stage();
  const one = candidate(consul, "b1");
  await one.until("elected");
  double.turn({ noLeader: true });
  await one.stop();
  expect(one.seen[0]).toEqual({ kind: "elected" });
});

test("a node's leadership depends on its own check, its confd's and its hax's; without a confd it does not stand", async () => {
  const { double, consul } = await stage();
  double.state.registerNode("b3", "10.9.8.23");
  const checksOf = async (node: string) => unwrap(await checksOfCandidate(consul, node, new AbortController().signal));
  register(double, "b1", "hax", "6");
  register(double, "b1", "ios", "16");
  expect(await checksOf("b1")).toEqual(["serfHealth", "service:9", "service:6"]);
  expect(await checksOf("b2")).toEqual(["serfHealth", "service:9"]);
  expect(await checksOf("b3")).toBeUndefined();
  double.state.setCheck("b1", "service:6", "critical", "", systemClock.monotonic());
  expect(await checksOf("b1")).toBeUndefined();
});

test("whoever is killed and comes back while his session lives leads on, with that session", async () => {
  const { double, consul } = await stage();
  const session = unwrap(
    await consul.createSession({ name: "leader", node: "b1", checks: ["serfHealth"], lockDelay: seconds(2) }),
  );
  unwrap(await consul.put(LEADER_KEY, "b1", { acquire: session }));
  const one = candidate(consul, "b1");
  await one.until("elected");
  expect(holder(double)?.session).toBe(session);
  await one.stop();
  expect(holder(double)?.session).toBeUndefined();
});
