import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AnnouncementDecoder, encodeAnnouncement } from "./announcement.js";
import { RouteEntriesSchema } from "./gen/swbus_pb.js";
import { SCOPE, type Scope, ServicePath } from "./service-path.js";
import { PathDecoder, pathFromMessage, pathToMessage } from "./wire-path.js";

const routes = fc.array(
  fc.record({
    path: fc
      .record({ region: fc.string({ unit: "grapheme" }), cluster: fc.string(), node: fc.string() })
      .map((parts) => new ServicePath(parts)),
    scope: fc.constantFrom<Scope>(...Object.values(SCOPE)),
    hops: fc.oneof(fc.nat(3), fc.nat(0xffff_ffff)),
  }),
);

test("announcements are the bytes that the generated encoder writes, and are read back", () =>
  fc.assert(
    fc.property(routes, (list) => {
      const entries = list.map(({ path, scope, hops }) => ({
        servicePath: pathToMessage(path),
        routeScope: scope as number,
        hopCount: hops,
      }));
      const bytes = Buffer.concat(encodeAnnouncement(list));
      expect(bytes.toString("hex")).toBe(
        Buffer.from(toBinary(RouteEntriesSchema, create(RouteEntriesSchema, { entries }))).toString("hex"),
      );
      const back = new AnnouncementDecoder(new PathDecoder()).decode(bytes);
      expect(back?.routes.map(({ path, scope, hops }) => [path.key, scope, hops])).toEqual(
        list.map(({ path, scope, hops }) => [path.key, scope, hops]),
      );
    }),
  ));

test("entries without a path are counted, members of a route dump are passed over", () => {
  const servicePath = pathToMessage(new ServicePath({ region: "r" }));
  const entries = [{ hopCount: 1 }, { servicePath, nhId: "x", nhServicePath: servicePath, hopCount: 2, routeScope: 4 }];
  const bytes = toBinary(RouteEntriesSchema, create(RouteEntriesSchema, { entries }));
  expect(new AnnouncementDecoder(new PathDecoder()).decode(bytes)).toMatchObject({
    withoutPath: 1,
    routes: [{ scope: 4, hops: 2 }],
  });
});

test("damage is found or harmless, never an exception, and what is read is what the generated decoder reads", () =>
  fc.assert(
    fc.property(routes, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }), (list, flips) => {
      const bytes = Buffer.concat(encodeAnnouncement(list));
      for (const [at, value] of flips) if (at < bytes.length) bytes[at] = value;
      const read = new AnnouncementDecoder(new PathDecoder()).decode(bytes);
      let decoded: ReturnType<typeof fromBinary<typeof RouteEntriesSchema>>;
      try {
        decoded = fromBinary(RouteEntriesSchema, bytes);
      } catch {
        return;
      }
      if (read === undefined) return;
      expect(read.routes.length + read.withoutPath).toBe(decoded.entries.length);
      const withPath = decoded.entries.filter(({ servicePath }) => servicePath !== undefined);
      for (const [i, { path, hops }] of read.routes.entries()) {
        const entry = withPath[i];
        if (entry?.servicePath === undefined) throw new Error("read a path where there is none");
        expect(hops).toBe(entry.hopCount);
        // A path in two parts is merged by one and replaced by the other; no encoder writes that.
        expect(pathFromMessage(entry.servicePath).region).toBeTypeOf("string");
        expect(path.region).toBeTypeOf("string");
      }
    }),
  ));
