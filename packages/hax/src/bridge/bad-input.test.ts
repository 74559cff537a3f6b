import { seconds, unwrap } from "@tandem/base";
import { expect, test } from "vitest";
import { formatFid, NULL_FID, parseFid, typedFid } from "../fid.js";
import type { LinkId } from "../link/ha-link.js";
import type { HaData } from "../motr/message.js";
import { r, s, world } from "../testing/bridge-world.js";

const asks = (...fids: ReturnType<typeof r>[]): HaData => ({
  ...{ type: "NVEC", direction: "GET", idOfGet: 100n, ignoreSameState: false },
  notes: fids.map((fid) => ({ fid, state: "UNKNOWN" as const })),
});

test("a stored status that is no JSON, or has no state, counts as absent and is said once, until it is put right", async () => {
  const { clock, link, consul, of } = await world();
  const a = link.connect("a", 16);
  const [text, none] = [`processes/${formatFid(r(16))}`, `processes/${formatFid(r(80))}`];
  consul.set(text, "online");
  consul.set(none, '{"type": "M0_CONF_HA_PROCESS_M0D"}');
  for (let i = 1; i <= 3; i++) {
    link.say(a, 2 * i, asks(r(16), r(80)));
    await clock.advance(seconds(1));
  }
  expect(link.vectors().map(({ notes }) => notes.map(({ state }) => state))).toEqual(
    Array.from({ length: 3 }, () => ["ONLINE", "ONLINE"]),
  );
  const said = () => of("badInput").map(({ detail }) => detail.replace(/: expected.*/, ""));
  expect(said().sort()).toEqual([text, none].sort());
  consul.set(text, '{"state": "M0_CONF_HA_PROCESS_STOPPED"}');
  link.say(a, 8, asks(r(16)));
  await clock.advance(seconds(1));
  consul.set(text, "online");
  link.say(a, 10, asks(r(16)));
  await clock.advance(seconds(1));
  expect(said()).toHaveLength(3);
});

test("configuration values of any kind are absent where they cannot be read, and named once", async () => {
  const { clock, link, consul, of } = await world();
  const a = link.connect("a", 16);
  consul.set("m0conf/nodes/b1/processes/16/services/ios", "moon");
  consul.set(`m0conf/nodes/0x6e00000000000001:0x3`, "{");
  consul.set("m0conf/nodes/b1/processes/99999999999999999999999/services/ios", "1");
  for (let i = 1; i <= 2; i++) {
    link.say(a, 2 * i, asks(r(16), s(18), s(17)));
    await clock.advance(seconds(1));
  }
  expect(
    link
      .vectors()
      .at(-1)
      ?.notes.map(({ state }) => state),
  ).toEqual(["ONLINE", "FAILED", "ONLINE"]);
  expect(of("badInput").map(({ detail }) => detail)).toEqual([
    "m0conf/nodes/0x6e00000000000001:0x3: expected a JSON object with a state; it counts as absent",
    'm0conf/nodes/b1/processes/16/services/ios: "moon" is no decimal fid key; it counts as absent',
  ]);
});

test("a leader key without its Session is no leader: EAGAIN with the reason, and the links stay", async () => {
  const { clock, link, consul, of } = await world();
  link.connect("a", 16);
  consul.set("leader", "b2");
  link.ask("q");
  await clock.advance(seconds(1));
  expect(link.replies.at(-1)?.reply.rc).toBe(11);
  expect(of("entrypoint").at(-1)?.because).toContain("nobody holds `leader`");
  consul.set("leader", "elect42", "gone");
  link.ask("q2", 80);
  await clock.advance(seconds(1));
  expect(of("entrypoint").at(-1)?.because).toContain("the session of `leader` is gone");
  expect(link.ended).toEqual([]);
});

test.each([
  ["an rms key that is no number", (key: string) => key.endsWith("9/services/rms") && "ten", "no rms service"],
] as const)("%s is EAGAIN with the reason", async (_, wrong, says) => {
  const { clock, link, consul, of } = await world();
  for (const { key } of unwrap(await consul.list("m0conf/")).value) {
    const text = wrong(key.replace("/73/", "/9/"));
    if (text !== false) consul.set(key, text);
  }
  link.ask("q");
  await clock.advance(seconds(1));
  expect(of("entrypoint").at(-1)).toMatchObject({ rc: 11, because: expect.stringContaining(says) });
});

test("a confd whose service id is no fid key is EAGAIN with the reason", async () => {
  const { clock, link, consul, of } = await world();
  consul.register("confd", { node: "b2", serviceId: "moon", address: "x", port: 1, meta: {}, checks: [] });
  link.ask("q");
  await clock.advance(seconds(1));
  expect(of("entrypoint").at(-1)?.because).toContain("service id moon is no decimal fid key");
});

test("an epoch that is no number keeps the item with its process, is said, and the item goes once it is one", async () => {
  const { clock, link, consul, of } = await world({ stobIoq: "queue" }, (of) => of.set("eq-epoch", "many"));
  const a = link.connect("a", 16);
  const stobId = { domainFid: NULL_FID, fid: NULL_FID };
  const numbers = { fd: 1n, opcode: "READ", rc: -5n, offset: 0n, size: 1n, bshift: 12 } as const;
  link.say(a, 2, { type: "STOB_IOQ", confSdev: typedFid("d", 1n, 1n), stobId, ...numbers });
  await clock.advance(seconds(1));
  expect(link.acknowledged).toEqual([]);
  expect(of("putFailed")[0]).toMatchObject({ key: "eq/", failures: 1, because: "eq-epoch is no number" });
  consul.set("eq-epoch", "7");
  await clock.advance(seconds(20));
  expect([consul.read("eq-epoch"), link.acknowledged]).toEqual(["8", [2n]]);
});

test("an offset that is no number does everything again, and says so", async () => {
  const { clock, link, consul, of } = await world({}, (of) => {
    of.set("bq-delivered/b1", "moon");
    of.set("bq/3", '{"message_type": "STOB_IOQ_ERROR", "payload": {"conf_sdev": "0x6400000000000001:0x13"}}');
  });
  link.connect("a", 16);
  await clock.advance(seconds(20));
  expect(of("badInput")[0]).toMatchObject({ where: "bq-delivered/b1" });
  expect(consul.read("bq-delivered/b1")).toBe("3");
});

test.each(["0x10000000000000000:0x1", "0x7200000000000001:0x10000000000000000", "-1:2", "0x72", "1:2x", ""])(
  "a fid %j is out of range or no fid: refused, wherever it is read",
  async (fid) => {
    expect(parseFid(fid).ok).toBe(false);
    const { bridge, of, link } = await world();
    const a = link.connect("a", 16);
    const told = link.sent.length;
    const element = { Node: { Node: "b1" }, Service: { ID: fid, Service: "ios" }, Checks: [] };
    expect(bridge.watches.post([element])).toContain("element 0");
    const value = Buffer.from("{}").toString("base64");
    expect(bridge.processWatch({ Key: `processes/${fid}`, Value: value })).toBeDefined();
    expect(of("badInput")).toHaveLength(2);
    expect(link.sent).toHaveLength(told);
    expect(link.links().map(({ id }) => id)).toEqual([a] satisfies LinkId[]);
  },
);

test("a watch with one wrong element is refused whole, and what was told before stays", async () => {
  const { clock, bridge } = await world();
  const element = (id: string, status: string) => ({
    ...{ Node: { Node: "b1" }, Service: { ID: id, Service: "s3service" } },
    Checks: [{ CheckID: `service:${id}`, Status: status, ServiceID: id }],
  });
  expect(bridge.watches.post([element("32", "passing")])).toBeUndefined();
  await clock.advance(seconds(1));
  const before = bridge.watches.told();
  expect(bridge.watches.post([element("32", "critical"), element("moon", "critical")])).toContain("element 1");
  await clock.advance(seconds(1));
  expect(bridge.watches.told()).toEqual(before);
});
