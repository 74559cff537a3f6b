import { seconds } from "@tandem/base";
import { expect, test } from "vitest";
import { formatFid } from "../fid.js";
import type { NoteState } from "../motr/message.js";
import { DOWN, r, s, world } from "../testing/bridge-world.js";

const failed = (sdev: number): string =>
  `{"message_type": "STOB_IOQ_ERROR", "payload": {"conf_sdev": "0x6400000000000001:0x${sdev.toString(16)}"}}`;

test("§9, #1637: an entrypoint and a GET wait for no delivery, however many broadcasts do", async () => {
  const { clock, link, consul } = await world();
  const a = link.connect("a", 16);
  for (let n = 1; n <= 3; n++) consul.set(`bq/${n}`, failed(n));
  await clock.advance(seconds(1));
  const told = link.sent.length;
  expect(told).toBe(1);
  link.ask("q");
  link.say(a, 2, {
    ...{ type: "NVEC", direction: "GET", idOfGet: 100n, ignoreSameState: false },
    notes: [{ fid: r(16), state: "UNKNOWN" }],
  });
  await clock.advance(seconds(0.1));
  expect(link.replies.at(-1)?.reply.rc).toBe(0);
  expect(link.vectors().at(-1)).toMatchObject({ idOfGet: 100n });
  await clock.advance(seconds(20));
  expect(consul.read("bq-delivered/b1")).toBe("3");
});

test("§9: broadcasts keep their order, one after the other, each told once", async () => {
  const { clock, link, consul } = await world();
  link.connect("a", 16);
  for (let n = 1; n <= 10; n++) consul.set(`bq/${n}`, failed(n));
  for (let n = 1; n <= 10; n++) {
    await clock.advance(seconds(1));
    const last = link.sent.at(-1);
    if (last !== undefined) link.event({ kind: "delivered", link: last.to, tag: last.tag });
  }
  await clock.advance(seconds(1));
  expect(link.vectors().map(({ notes }) => Number(notes[0]?.fid.key))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("§9: a stop while eight broadcasts wait for deliveries takes less than 3 s, and does not begin the others", async () => {
  const { clock, link, consul, bridge, of } = await world();
  link.connect("a", 16);
  for (let n = 1; n <= 8; n++) consul.set(`bq/${n}`, failed(n));
  await clock.advance(seconds(1));
  const began = clock.monotonic();
  let ended = 0;
  void bridge.stop().then(() => {
    ended = clock.monotonic();
  });
  await clock.advance(seconds(3));
  expect(ended).toBeGreaterThan(0);
  expect(ended - began).toBeLessThan(seconds(3));
  expect(of("queueItem").length).toBeLessThan(4);
  expect(consul.read("bq-delivered/b1")).toBeUndefined();
});

test.each([
  ["passing", "ONLINE"],
  ["warning", "TRANSIENT"],
  ["critical", "FAILED"],
] satisfies [string, NoteState][])(
  "§9: POST / with a check %s of service id 12 is exactly one broadcast of r:1:12, %s",
  async (status, state) => {
    const { clock, link, bridge, of } = await world();
    link.connect("a", 16);
    const before = of("broadcast").length;
    const check = { CheckID: "service:12", Status: status, ServiceID: "12" };
    expect(
      bridge.watches.post([{ Node: { Node: "b1" }, Service: { ID: "12", Service: "x" }, Checks: [check] }]),
    ).toBeUndefined();
    await clock.advance(seconds(1));
    expect(of("broadcast").slice(before)).toMatchObject([{ from: "watch", notes: 1, links: 1 }]);
    expect(link.vectors().at(-1)?.notes).toEqual([{ fid: r(12), state }]);
  },
);

test("§9: a process that fails is first in its vector, its services follow, and its node is not named", async () => {
  const { clock, link, bridge } = await world();
  link.connect("a", 16);
  const check = { CheckID: "service:16", Status: "critical", ServiceID: "16" };
  bridge.watches.post([{ Node: { Node: "b1" }, Service: { ID: "16", Service: "ios" }, Checks: [check] }]);
  await clock.advance(seconds(1));
  expect(link.vectors().at(-1)?.notes).toEqual([r(16), s(18), s(17)].map((fid) => ({ fid, state: "FAILED" })));
});

test("§9: with --expand-tree a process's drive, controller, node and enclosure follow, also while Consul is away", async () => {
  const { clock, link, consul, bridge } = await world({ expand: "tree" });
  link.connect("a", 16);
  const [node, enclosure] = ["0x6e00000000000001:0x3", "0x6500000000000001:0x4"];
  const process = `m0conf/nodes/${node}/processes/${formatFid(r(16))}`;
  const at = `m0conf/sites/0x5300000000000001:0x1/racks/0x6100000000000001:0x2/encls/${enclosure}`;
  const sdev = "0x6400000000000001:0x13";
  consul.set(`m0conf/nodes/${node}`, '{"name": "b1", "state": "M0_NC_UNKNOWN"}');
  consul.set(process, '{"name": "m0_server", "state": "M0_NC_UNKNOWN"}');
  consul.set(`${process}/services/${formatFid(s(18))}/sdevs/${sdev}`, '{"path": "/dev/vdb", "state": "online"}');
  consul.set(at, `{"node": "${node}", "state": "M0_NC_UNKNOWN"}`);
  consul.set(`${at}/ctrls/0x6300000000000001:0x5/drives/0x6b00000000000001:0x15`, `{"sdev": "${sdev}"}`);
  const post = async (status: string) => {
    const check = { CheckID: "service:16", Status: status, ServiceID: "16" };
    bridge.watches.post([{ Node: { Node: "b1" }, Service: { ID: "16", Service: "x" }, Checks: [check] }]);
    await clock.advance(seconds(3));
    return link
      .vectors()
      .at(-1)
      ?.notes.map((note) => `${formatFid(note.fid)} ${note.state}`);
  };
  const all = [formatFid(r(16)), formatFid(s(18)), formatFid(s(17)), "0x6b00000000000001:0x15"];
  const around = ["0x6300000000000001:0x5", node, enclosure];
  expect(await post("critical")).toEqual([...all, ...around].map((each) => `${each} FAILED`));
  consul.failure = DOWN;
  expect(await post("passing")).toEqual([...all, ...around].map((each) => `${each} ONLINE`));
});

test("§9: mkfs that stops is nobody's business, any other process that stops is told", async () => {
  const { clock, link, bridge } = await world();
  link.connect("a", 16);
  const entry = (type: string) => ({
    Key: `processes/${formatFid(r(16))}`,
    Value: Buffer.from(`{"state": "M0_CONF_HA_PROCESS_STOPPED", "type": "M0_CONF_HA_PROCESS_${type}"}`).toString(
      "base64",
    ),
  });
  expect(bridge.processWatch(entry("M0MKFS"))).toBeUndefined();
  await clock.advance(seconds(1));
  expect(link.vectors()).toEqual([]);
  expect(bridge.processWatch(entry("M0D"))).toBeUndefined();
  expect(link.vectors().at(-1)?.notes[0]).toEqual({ fid: r(16), state: "FAILED" });
});

test("R17: an event of a process that no catalog and no configuration knows is stored all the same", async () => {
  const { clock, link, consul } = await world();
  const a = link.connect("a", 999);
  link.started(a, 2, 999);
  await clock.advance(seconds(1));
  expect(consul.read(`processes/${formatFid(r(999))}`)).toContain("_STARTED");
  expect(link.acknowledged).toEqual([2n]);
});

test("#2025: when a node is lost its processes are told FAILED by a hax of another node, without any POST", async () => {
  const { clock, link, consul } = await world();
  link.connect("a", 16);
  const lost = [
    { checkId: "service:144", status: "passing", serviceId: "144" },
    { checkId: "serfHealth", status: "critical", serviceId: "" },
  ];
  consul.register("ios", { node: "b3", serviceId: "144", address: "x", port: 21003, meta: {}, checks: lost });
  await clock.advance(seconds(5));
  const told = new Map(
    link
      .vectors()
      .at(-1)
      ?.notes.map(({ fid, state }) => [formatFid(fid), state]),
  );
  expect(told.get(formatFid(r(144)))).toBe("FAILED");
  expect(told.get(formatFid(r(16)))).toBe("ONLINE");
});

test("§10: two POSTs of the queue at the same time do no item twice", async () => {
  const { clock, link, consul, bridge } = await world();
  link.connect("a", 16);
  const items = [1, 2].map((n) => ({ key: `bq/${n}`, text: failed(n) }));
  void bridge.queue.process(items);
  void bridge.queue.process(items);
  await clock.advance(seconds(30));
  expect(link.vectors()).toHaveLength(2);
  expect(consul.read("bq-delivered/b1")).toBe("2");
});

test("§10: a node whose name begins as another's is another node", async () => {
  const { clock, link, consul } = await world();
  const a = link.connect("a", 16);
  consul.set("m0conf/nodes/b10/processes/700/services/ios", "701");
  const dead = [{ checkId: "serfHealth", status: "critical", serviceId: "" }];
  consul.register("ios", { node: "b10", serviceId: "700", address: "x", port: 1, meta: {}, checks: dead });
  link.say(a, 2, {
    ...{ type: "NVEC", direction: "GET", idOfGet: 100n, ignoreSameState: false },
    notes: [r(16), r(700)].map((fid) => ({ fid, state: "UNKNOWN" as const })),
  });
  await clock.advance(seconds(1));
  const answer = link.vectors().find(({ idOfGet }) => idOfGet === 100n);
  expect(answer?.notes.map(({ state }) => state)).toEqual(["ONLINE", "FAILED"]);
});

test("§10: the configuration is read anew for each snapshot: a service that is added is told with the next", async () => {
  const { clock, link, consul, bridge } = await world();
  link.connect("a", 16);
  const post = () =>
    bridge.watches.post([
      {
        ...{ Node: { Node: "b1" }, Service: { ID: "16", Service: "x" } },
        Checks: [{ CheckID: "service:16", Status: "passing", ServiceID: "16" }],
      },
    ]);
  post();
  await clock.advance(seconds(1));
  expect(link.vectors().at(-1)?.notes).toHaveLength(3);
  consul.set("m0conf/nodes/b1/processes/16/services/cas", "19");
  post();
  await clock.advance(seconds(1));
  expect(
    link
      .vectors()
      .at(-1)
      ?.notes.map(({ fid }) => formatFid(fid)),
  ).toContain(formatFid(s(19)));
});
