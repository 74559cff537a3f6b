import { Pull, Push } from "zeromq";

/** A bound PULL socket that calls `taken` for each message. */
export async function plainPull(taken: () => void): Promise<Disposable & { readonly endpoint: string }> {
  const pull = new Pull();
  await pull.bind("tcp://127.0.0.1:*");
  void (async () => {
    for await (const _message of pull) taken();
  })();
  return { endpoint: pull.lastEndpoint as string, [Symbol.dispose]: () => pull.close() };
}

/** A connected PUSH socket. */
export function plainPush(endpoint: string): Disposable & { send(message: Uint8Array): Promise<void> } {
  const push = new Push();
  push.connect(endpoint);
  return { send: (message) => push.send(message), [Symbol.dispose]: () => push.close() };
}
