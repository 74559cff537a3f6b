import { millis, seededRandom, unwrap } from "@tandem/base";
import { settle, VirtualClock } from "@tandem/base/testing";
import { afterEach, expect, test, vi } from "vitest";
import { ConsulState } from "./consul-state.js";
import { calm } from "./faults.js";
import { WatchPoster } from "./watch-poster.js";

afterEach(() => vi.unstubAllGlobals());

function stage() {
  const posts: { readonly body: unknown; readonly index: string }[] = [];
  let down = false;
  vi.stubGlobal("fetch", async (_: URL, { body, headers }: { body: string; headers: Record<string, string> }) => {
    if (down) throw new Error("refused");
    posts.push({ body: JSON.parse(body), index: headers["X-Consul-Index"] as string });
    return new Response("");
  });
  const [state, faults, clock] = [new ConsulState(seededRandom(1)), calm(), new VirtualClock()];
  const url = new URL("http://127.0.0.1:8008/watcher/bq");
  const poster = new WatchPoster({ type: "keyprefix", prefix: "bq/", url }, state, faults, clock);
  const put = async (key: string): Promise<void> => {
    unwrap(state.put(key, "MQ==", {}, clock.monotonic()));
    poster.look();
    await settle();
  };
  const keys = (): readonly unknown[] =>
    posts.map(({ body }) => (body as readonly { Key: string }[] | null)?.map(({ Key }) => Key) ?? null);
  poster.look();
  return { posts, faults, clock, put, keys, poster, setDown: (is: boolean) => (down = is) };
}

test("a watch posts at its start, null where nothing is, and then the whole view with its index", async () => {
  const { put, keys, posts } = stage();
  await settle();
  await put("bq/1");
  await put("elsewhere");
  await put("bq/2");
  expect(keys()).toEqual([null, ["bq/1"], ["bq/1", "bq/2"]]);
  expect(Number(posts[2]?.index)).toBeGreaterThan(Number(posts[1]?.index));
});

test("a POST that fails is not repeated until the view changes again", async () => {
  const { put, keys, setDown, poster } = stage();
  await settle();
  setDown(true);
  await put("bq/1");
  setDown(false);
  poster.look();
  await settle();
  expect(keys()).toEqual([null]);
  await put("bq/2");
  expect(keys()).toEqual([null, ["bq/1", "bq/2"]]);
});

test("POSTs can be lost, late and repeated", async () => {
  const { put, keys, faults, clock } = stage();
  await settle();
  faults.watchLost = 1;
  await put("bq/1");
  expect(keys()).toEqual([null]);
  faults.watchLate = millis(3000);
  await put("bq/2");
  await clock.advance(millis(2999));
  expect(keys()).toEqual([null]);
  await clock.advance(millis(1));
  expect(keys()).toEqual([null, ["bq/1", "bq/2"]]);
  faults.watchLate = millis(0);
  faults.watchTwice = true;
  await put("bq/3");
  expect(keys().slice(2)).toEqual([
    ["bq/1", "bq/2", "bq/3"],
    ["bq/1", "bq/2", "bq/3"],
  ]);
});
