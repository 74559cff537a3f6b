import assert from "node:assert/strict";
import { invariant, unwrap } from "@tandem/base";
import type { Push, Sockets } from "../push-pull.js";

/** What a contract case runs on: sockets, and addresses that nobody uses yet. */
export interface SocketWorld extends AsyncDisposable {
  readonly sockets: Sockets;
  freeEndpoint(): Promise<string>;
}

/** One promise of `Sockets`, as a test to run on a world of its own. */
export interface ContractCase {
  readonly name: string;
  run(world: SocketWorld): Promise<void>;
}

/** Messages received so far, and a promise of more. */
class Inbox {
  readonly messages: string[] = [];
  #wanted = 0;
  #enough: (() => void) | undefined;

  readonly take = (message: Uint8Array): void => {
    this.messages.push(Buffer.from(message).toString("latin1"));
    if (this.messages.length >= this.#wanted) this.#enough?.();
  };

  until(count: number): Promise<void> {
    if (this.messages.length >= count) return Promise.resolve();
    this.#wanted = count;
    return new Promise((resolve) => {
      this.#enough = resolve;
    });
  }
}

function nextConnect(push: Push): Promise<void> {
  return new Promise((resolve) => {
    const stop = push.onConnect(() => {
      stop();
      resolve();
    });
  });
}

const text = (value: string): Buffer => Buffer.from(value, "latin1");
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `m${i}`);

/** What every implementation of `Sockets` promises. */
export const socketContract: readonly ContractCase[] = [
  {
    name: "messages arrive once, in order, byte for byte",
    async run({ sockets, freeEndpoint }) {
      const endpoint = await freeEndpoint();
      const inbox = new Inbox();
      unwrap(await sockets.pull(endpoint, inbox.take));
      const push = sockets.push(endpoint);
      const sent = ["", "\0\xff\x80", "x".repeat(100_000), ...numbers(200)];
      for (const message of sent) unwrap(await push.push(text(message)));
      await inbox.until(sent.length);
      assert.deepEqual(inbox.messages, sent);
    },
  },
  {
    name: "what was pushed while nobody was there arrives when somebody binds",
    async run({ sockets, freeEndpoint }) {
      const endpoint = await freeEndpoint();
      const push = sockets.push(endpoint);
      for (const message of numbers(20)) unwrap(await push.push(text(message)));
      const inbox = new Inbox();
      unwrap(await sockets.pull(endpoint, inbox.take));
      await inbox.until(20);
      assert.deepEqual(inbox.messages, numbers(20));
    },
  },
  {
    name: "beyond its limit a push is refused as full, and what was accepted arrives",
    async run({ sockets, freeEndpoint }) {
      const endpoint = await freeEndpoint();
      const push = sockets.push(endpoint);
      let accepted = 0;
      for (;;) {
        const pushed = await push.push(text(`m${accepted}`));
        if (pushed.ok) {
          accepted += 1;
          continue;
        }
        assert.deepEqual(pushed.error, { kind: "full", endpoint, limit: accepted });
        break;
      }
      const inbox = new Inbox();
      unwrap(await sockets.pull(endpoint, inbox.take));
      await inbox.until(accepted);
      assert.deepEqual(inbox.messages, numbers(accepted));
    },
  },
  {
    name: "a promise that the listener returns holds back the next message",
    async run({ sockets, freeEndpoint }) {
      const endpoint = await freeEndpoint();
      const inbox = new Inbox();
      let release = (): void => {};
      let inside = 0;
      let together = 0;
      const listener = async (message: Uint8Array): Promise<void> => {
        inside += 1;
        together = Math.max(together, inside);
        inbox.take(message);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        inside -= 1;
      };
      unwrap(await sockets.pull(endpoint, listener));
      const push = sockets.push(endpoint);
      for (const message of numbers(3)) unwrap(await push.push(text(message)));
      for (let i = 1; i <= 3; i++) {
        await inbox.until(i);
        assert.equal(inbox.messages.length, i);
        release();
      }
      assert.equal(together, 1);
    },
  },
  {
    name: "a second bind of an endpoint fails and leaves the first alone",
    async run({ sockets, freeEndpoint }) {
      const endpoint = await freeEndpoint();
      const inbox = new Inbox();
      unwrap(await sockets.pull(endpoint, inbox.take));
      const second = await sockets.pull(endpoint, () => {});
      invariant(!second.ok, "the second bind succeeded");
      assert.equal(second.error.kind, "bindFailed");
      assert.equal(second.error.endpoint, endpoint);
      unwrap(await sockets.push(endpoint).push(text("still here")));
      await inbox.until(1);
    },
  },
  {
    name: "each connection is told, also the one after the receiver came back",
    async run({ sockets, freeEndpoint }) {
      const endpoint = await freeEndpoint();
      const push = sockets.push(endpoint);
      const first = nextConnect(push);
      const pull = unwrap(await sockets.pull(endpoint, () => {}));
      await first;
      const second = nextConnect(push);
      await pull[Symbol.asyncDispose]();
      const inbox = new Inbox();
      unwrap(await sockets.pull(endpoint, inbox.take));
      await second;
      unwrap(await push.push(text("after")));
      await inbox.until(1);
      assert.deepEqual(inbox.messages, ["after"]);
    },
  },
  {
    name: "a closed push refuses, and closing twice is closing once",
    async run({ sockets, freeEndpoint }) {
      const endpoint = await freeEndpoint();
      const push = sockets.push(endpoint);
      await push[Symbol.asyncDispose]();
      await push[Symbol.asyncDispose]();
      assert.deepEqual(await push.push(text("x")), { ok: false, error: { kind: "closed", endpoint } });
    },
  },
  {
    name: "a message of 16 MiB is refused before it is queued",
    async run({ sockets, freeEndpoint }) {
      const endpoint = await freeEndpoint();
      const limit = 16 * 1024 * 1024;
      const refused = await sockets.push(endpoint).push(Buffer.alloc(limit));
      assert.deepEqual(refused, { ok: false, error: { kind: "tooLarge", endpoint, limit } });
    },
  },
];
