import type { AnyActor } from "@tandem/actor";
import type { Json } from "@tandem/base";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ActorWorld } from "../testing/actor-world.js";
import { Example, settings } from "../testing/example.js";
import { hamgrdActors } from "./hamgrd-actors.js";

/** What the actors of a pair at work remember; BFD by the HA set, so that it remembers too. */
const ACTORS = hamgrdActors(settings({ bfdMode: "ha-set" }));
const REPORT = { ha_state: "pending_active_activation", activate_role_pending: "true", ha_state_start_time: "7" };

/** The actors, with stored memory that `garble` has had its hands on. */
function garbled(garble: (memory: Json) => Json): readonly AnyActor[] {
  return ACTORS.map((actor): AnyActor => {
    const { remember } = actor;
    if (remember === undefined) return actor;
    const encode = (memory: unknown): Json => garble(remember.encode(memory));
    return { ...actor, remember: { ...remember, encode } } as AnyActor;
  });
}

function atWork(actors: readonly AnyActor[]): ActorWorld {
  const world = new ActorWorld(actors);
  for (const [table, key, fields] of Example.rows(0)) world.set(table, key, fields);
  const [scope] = Example.rows(0).filter(([table]) => table.name === "DASH_HA_SCOPE_CONFIG_TABLE");
  if (scope !== undefined) world.set(scope[0], scope[1], { ...scope[2], disabled: "false" });
  Example.prototype.report.call(world as Example, REPORT);
  return world;
}

/** One member somewhere inside becomes something else, or goes. */
function replaceIn(value: Json, path: readonly number[], by: Json | undefined): Json {
  const [at, ...rest] = path;
  if (at === undefined || typeof value !== "object" || value === null) return by ?? null;
  const members = Object.entries(value) as [string, Json][];
  if (members.length === 0) return by ?? null;
  const picked = at % members.length;
  const next = members.flatMap(([name, member], i): [string, Json][] => {
    if (i !== picked) return [[name, member]];
    if (rest.length === 0) return by === undefined ? [] : [[name, by]];
    return [[name, replaceIn(member, rest, by)]];
  });
  return Array.isArray(value) ? next.map(([, member]) => member) : Object.fromEntries(next);
}

test("memory survives encode and decode", () => {
  const world = atWork(ACTORS);
  const before = world.dump();
  world.restart();
  expect(world.dump()).toEqual(before);
});

test("whatever stands in the row of a memory, the actor starts, and stands for rows that can be read", () => {
  const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as Json);
  const garbling = fc.oneof(
    json.map((value) => () => value),
    fc.tuple(fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }), fc.option(json, { nil: undefined })).map(
      ([path, by]) =>
        (memory: Json) =>
          replaceIn(memory, path, by),
    ),
  );
  fc.assert(
    fc.property(garbling, (garble) => {
      const world = atWork(garbled(garble));
      world.restart();
      world.pass(120_000);
      Example.prototype.report.call(world as Example, { ...REPORT, activate_role_pending: "false" });
      for (const { op, table, key, fields } of world.writes) {
        if (op === "set")
          expect([key, table.decode(fields ?? {}).ok, table.parseKey(key).ok]).toEqual([key, true, true]);
      }
    }),
    { numRuns: 400 },
  );
});
