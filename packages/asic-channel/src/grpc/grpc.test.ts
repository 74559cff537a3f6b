import assert from "node:assert/strict";
import { create as message } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { seconds, systemClock, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { freePort } from "@tandem/swss/testing";
import { GrpcStatus } from "@tandem/wire";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ChannelTrouble } from "../channel-trouble.js";
import { ServerReflection } from "../gen/reflection_pb.js";
import { AttributeSchema, NotificationType, SaiService } from "../gen/sai_pb.js";
import { nextEvents, portEvent, upTo, word, words } from "../testing/contract-steps.js";
import { create, get, remove, routerKey } from "../testing/requests.js";
import { TestSyncd } from "../testing/test-asic.js";
import { GrpcChannelClient } from "./client.js";
import { definitionOf } from "./definition.js";
import { channelBus } from "./options.js";
import { GrpcChannelServer } from "./server.js";
import { textOfAttribute, typedValue } from "./typed-value.js";
import { CHANNEL_METHOD, decodeRequest, encodeRequest, notificationMessage } from "./wire.js";

const OWNER = { name: "test", host: "localhost", pid: process.pid, since: 0 };

async function optionsOf() {
  const troubles: ChannelTrouble[] = [];
  const endpoint = `127.0.0.1:${await freePort()}`;
  const serviceEndpoint = `127.0.0.1:${await freePort()}`;
  const onTrouble = (trouble: ChannelTrouble): void => void troubles.push(trouble);
  return { troubles, options: { endpoint, serviceEndpoint, clock: systemClock, owner: OWNER, onTrouble } };
}

async function served(options: Awaited<ReturnType<typeof optionsOf>>["options"], syncd = new TestSyncd()) {
  const server = unwrap(await GrpcChannelServer.open(options));
  const stop = new AbortController();
  const done = server.serve(syncd, stop.signal);
  onTestFinished(async () => {
    stop.abort();
    await server[Symbol.asyncDispose]();
    await done;
  });
  return { server, syncd };
}

/** A stub of grpc-js, which knows nothing of our channel. */
function stubOf(endpoint: string, definition: grpc.ServiceDefinition) {
  const Stub = grpc.makeGenericClientConstructor(definition, "");
  const stub = new Stub(endpoint, grpc.credentials.createInsecure());
  onTestFinished(() => stub.close());
  return stub as unknown as Record<string, (...args: unknown[]) => unknown>;
}

/** The answer to a unary call, or the status that it ends with. */
function call(stub: ReturnType<typeof stubOf>, method: string, request: object): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    stub[method]?.(request, (error: grpc.ServiceError | null, reply: Record<string, unknown>) =>
      resolve(error === null ? reply : { code: error.code, details: error.details }),
    );
  });
}

const ROUTER = { objectType: "SAI_OBJECT_TYPE_VIRTUAL_ROUTER", objectId: "oid:0x3000000000001" };
const MAC = "SAI_VIRTUAL_ROUTER_ATTR_SRC_MAC_ADDRESS";

describe("attributes have types, and keep their texts", () => {
  test.each([
    ["PORT", "SAI_PORT_ATTR_ADMIN_STATE", "true", "flag"],
    ["PORT", "SAI_PORT_ATTR_MTU", "9122", "unsignedNumber"],
    ["VIRTUAL_ROUTER", MAC, "02:42:AC:11:00:02", "mac"],
    ["ROUTE_ENTRY", "SAI_ROUTE_ENTRY_ATTR_PACKET_ACTION", "SAI_PACKET_ACTION_DROP", "enumName"],
    ["ROUTE_ENTRY", "SAI_ROUTE_ENTRY_ATTR_NEXT_HOP_ID", "oid:0xffffffffffffffff", "objectId"],
    ["SWITCH", "SAI_SWITCH_ATTR_PORT_LIST", "2:oid:0x1000000000002,oid:0x1000000000003", "objectIds"],
    ["SWITCH", "SAI_SWITCH_ATTR_PORT_LIST", "0:null", "objectIds"],
    ["PORT", "SAI_PORT_ATTR_HW_LANE_LIST", "4:0,1,2,3", "numbers"],
  ] as const)("%s %s = %s is a %s, and its value alone gives the same text", (type, name, text, kind) => {
    const value = typedValue(`SAI_OBJECT_TYPE_${type}`, name, text);
    expect(value?.case).toBe(kind);
    expect(textOfAttribute(message(AttributeSchema, { name, ...(value !== undefined && { value }) }))).toBe(text);
  });

  test("a value of no known attribute, or of another form, goes as its text", () => {
    expect(typedValue("SAI_OBJECT_TYPE_PORT", "SAI_PORT_ATTR_OF_TOMORROW", "1")).toBeUndefined();
    expect(typedValue("SAI_OBJECT_TYPE_PORT", "SAI_PORT_ATTR_MTU", "many")).toBeUndefined();
    expect(typedValue("SAI_OBJECT_TYPE_PORT", "SAI_PORT_ATTR_MTU", "")).toBeUndefined();
  });

  test("a request is the same after its way, whatever its texts are", () => {
    const sent = {
      ...{ id: "e:1", repeated: true, unanswered: false },
      request: { op: "set", key: routerKey(1), fields: [[MAC, "a|b=c\u00e4\u0000"]] },
    } as const;
    expect(decodeRequest(encodeRequest(sent))).toEqual({ ok: true, value: sent });
  });

  test("events have types where the protocol knows them, beside their JSON", () => {
    const { type, event } = notificationMessage(portEvent(1));
    expect(type).toBe(NotificationType.PORT_STATE_CHANGE);
    expect(event.case === "portState" && event.value.ports[0]?.portId).toBe(0x1000000000001n);
    expect(notificationMessage({ name: "port_state_change", data: "{", fields: [] }).event.case).toBeUndefined();
  });
});

describe("unary calls", () => {
  test("create, set, get and remove are executed, and answered with their statuses", async () => {
    const { options } = await optionsOf();
    await served(options);
    const stub = stubOf(options.serviceEndpoint, definitionOf(SaiService));
    const mac = Uint8Array.of(2, 0x42, 0xac, 0x11, 0, 2);
    expect(await call(stub, "create", { ...ROUTER, attributes: [] })).toMatchObject({ status: "SAI_STATUS_SUCCESS" });
    const value = message(AttributeSchema, { name: MAC, value: { case: "mac", value: mac } });
    expect(await call(stub, "set", { ...ROUTER, attributes: [value] })).toMatchObject({ status: "SAI_STATUS_SUCCESS" });
    const got = await call(stub, "get", { ...ROUTER, attributes: [message(AttributeSchema, { name: MAC })] });
    expect(got).toMatchObject({ status: "SAI_STATUS_SUCCESS", attributes: [{ name: MAC, text: "02:42:AC:11:00:02" }] });
    expect(await call(stub, "remove", ROUTER)).toMatchObject({ status: "SAI_STATUS_SUCCESS" });
    expect(await call(stub, "remove", ROUTER)).toMatchObject({ status: "SAI_STATUS_ITEM_NOT_FOUND" });
  });

  test("a request that is none is refused in words; while the channel is held nobody else changes anything", async () => {
    const { options } = await optionsOf();
    const { syncd } = await served(options);
    const stub = stubOf(options.serviceEndpoint, definitionOf(SaiService));
    const wrong = await call(stub, "set", { ...ROUTER, attributes: [] });
    expect(wrong).toEqual({
      code: 3,
      details: 'fields of the request: expected exactly one attribute, found "0"',
    });
    await using client = unwrap(await GrpcChannelClient.open(options));
    expect(word(await client.request(create(1)))).toBe("SAI_STATUS_SUCCESS");
    const refused = await call(stub, "remove", ROUTER);
    expect(refused).toMatchObject({
      code: 9,
      details: expect.stringContaining(`test on localhost, process ${process.pid}`),
    });
    const got = await call(stub, "get", { ...ROUTER, attributes: [message(AttributeSchema, { name: MAC })] });
    expect(got).toMatchObject({ status: "SAI_STATUS_SUCCESS" });
    expect(syncd.words).toEqual([`create ${routerKey(1)}`, `get ${routerKey(1)}`]);
  });

  test("subscribers hear the events that they asked for, also without a channel", async () => {
    const { options } = await optionsOf();
    const { server } = await served(options);
    const stub = stubOf(options.serviceEndpoint, definitionOf(SaiService));
    const heard = stub["subscribeNotifications"]?.({ names: ["port_state_change"] }) as grpc.ClientReadableStream<{
      name: string;
    }>;
    heard.on("error", () => {});
    await new Promise((resolve) => heard.once("metadata", resolve));
    const first = new Promise<{ name: string }>((resolve) => heard.once("data", resolve));
    await server.notify({ name: "fdb_event", data: "[]", fields: [] });
    await server.notify(portEvent(1));
    expect((await first).name).toBe("port_state_change");
    heard.cancel();
  });

  test.each(["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"])(
    "%s tells services and their files",
    async (name) => {
      const { options } = await optionsOf();
      await served(options);
      const stub = stubOf(options.serviceEndpoint, definitionOf(ServerReflection, name));
      const info = stub["serverReflectionInfo"]?.() as grpc.ClientDuplexStream<unknown, Record<string, unknown>>;
      info.on("error", () => {});
      const answers: Record<string, unknown>[] = [];
      const all = new Promise<void>((resolve) => {
        info.on("data", (answer) => {
          answers.push(answer.messageResponse);
          if (answers.length === 3) resolve();
        });
      });
      const ask = (kind: string, value: string): void => void info.write({ messageRequest: { case: kind, value } });
      ask("listServices", "");
      ask("fileContainingSymbol", "sai.SaiService.Create");
      ask("fileContainingSymbol", "sai.Nothing");
      await all;
      info.end();
      expect(answers[0]).toMatchObject({
        value: { service: [{ name: "sai.SaiService" }, { name: "grpc.reflection.v1.ServerReflection" }] },
      });
      const described = answers[1]?.["value"] as { fileDescriptorProto: Uint8Array[] } | undefined;
      const [file = new Uint8Array()] = described?.fileDescriptorProto ?? [];
      expect(Buffer.from(file).includes("SubscribeNotifications")).toBe(true);
      expect(answers[2]).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
    },
  );
});

describe("the channel", () => {
  test("a second client from elsewhere is refused by the server, with the owner", async () => {
    const { options } = await optionsOf();
    await served(options);
    await using _client = unwrap(await GrpcChannelClient.open(options));
    const dialed = await channelBus().dial({ endpoint: options.endpoint, method: CHANNEL_METHOD, metadata: {} });
    assert.ok(!dialed.ok && dialed.error.kind === "refused");
    expect(dialed.error.code).toBe(9);
    expect(dialed.error.detail).toContain(`test on localhost, process ${process.pid}`);
  });

  test("a message that is no request is one report, and what stands around it goes on", async () => {
    const { options, troubles } = await optionsOf();
    const { syncd } = await served(options);
    const stream = unwrap(
      await channelBus().dial({ endpoint: options.endpoint, method: CHANNEL_METHOD, metadata: {} }),
    );
    const sent = { id: "x:1", request: create(1), repeated: false, unanswered: false };
    stream.send(Uint8Array.of(0xff, 0xff));
    stream.send(encodeRequest({ ...sent, id: "x:2", request: { ...create(2), op: "crate" as "create" } }));
    stream.send(encodeRequest(sent));
    await syncd.took(1);
    stream.close();
    expect(troubles.map((trouble) => trouble.kind === "malformed" && trouble.detail)).toEqual([
      "a message sai.SaiRequest was expected",
      expect.stringMatching(/^op of the request: expected one of create, .*, found "crate"$/),
    ]);
    expect(syncd.words).toEqual([`create ${routerKey(1)}`]);
  });

  test("what was sent when the server died is unknown at once; what waits behind it is sent when one comes", async () => {
    const { options } = await optionsOf();
    const syncd = new TestSyncd();
    const first = unwrap(await GrpcChannelServer.open(options));
    void first.serve(syncd, new AbortController().signal);
    await using client = unwrap(await GrpcChannelClient.open(options));
    syncd.hold();
    const lost = client.request(create(1));
    await syncd.took(1);
    await first[Symbol.asyncDispose]();
    const end = await lost;
    assert.ok(!end.ok && end.error.kind === "unknown");
    expect(end.error.reason).toBe(`the server at ${options.endpoint} went: it was stopped`);
    const waits = client.request(create(2));
    const { syncd: after } = await served(options);
    expect(word(await waits)).toBe("SAI_STATUS_SUCCESS");
    expect(after.words).toEqual([`create ${routerKey(2)}`]);
    syncd.release();
  });

  test("no more is under way than HTTP/2's window and one batch while the server is at work", async () => {
    const { options } = await optionsOf();
    const { syncd } = await served(options);
    await using client = unwrap(await GrpcChannelClient.open({ ...options, bytesMax: 16 * 1024 * 1024 }));
    syncd.hold();
    const outcomes = upTo(160).map((n) => client.request(create(n, 100_000)));
    const more = await client.request(create(1000, 2_000_000));
    expect(!more.ok && more.error).toEqual({ kind: "queueFull", unit: "bytes", limit: 16 * 1024 * 1024 });
    await syncd.took(1);
    syncd.release();
    expect(new Set(await words(outcomes))).toEqual(new Set(["SAI_STATUS_SUCCESS"]));
  });

  test("a client that hears nothing of its notifications is refused more, and loses none of the others", async () => {
    const { options } = await optionsOf();
    const { server } = await served(options);
    await using client = unwrap(await GrpcChannelClient.open(options));
    expect(word(await client.request(get(1)))).toBe("SAI_STATUS_ITEM_NOT_FOUND");
    const big = (n: number) => ({ name: "fdb_event", data: `${n} ${"x".repeat(100_000)}`, fields: [] });
    let sent = 0;
    while ((await server.notify(big(sent))).ok) sent += 1;
    expect(sent).toBeGreaterThan(10);
    const heard = await nextEvents(client, sent);
    expect(heard.map(({ data }) => Number.parseInt(data, 10))).toEqual(upTo(sent));
  });

  test("a request without a server waits until its deadline, then it is refused and says where none was", async () => {
    const { options } = await optionsOf();
    const clock = new VirtualClock();
    await using client = unwrap(await GrpcChannelClient.open({ ...options, clock, replyTimeout: seconds(5) }));
    const sent = client.request(remove(1));
    await clock.advance(seconds(5));
    expect(await sent).toEqual({
      ok: false,
      error: { kind: "refused", reason: `it waited 5000 ms: no server is at ${options.endpoint}` },
    });
  });

  test("a port that somebody else has is a clear error", async () => {
    const { options } = await optionsOf();
    const other = unwrap(
      await channelBus().listen({
        endpoint: options.endpoint,
        method: "/other",
        accept: () => ({ accept: false, code: GrpcStatus.unavailable, detail: "" }),
      }),
    );
    onTestFinished(() => other[Symbol.asyncDispose]());
    const opened = await GrpcChannelServer.open(options);
    expect(!opened.ok && opened.error).toMatchObject({
      kind: "unusable",
      reason: expect.stringContaining(options.endpoint),
    });
  });
});
