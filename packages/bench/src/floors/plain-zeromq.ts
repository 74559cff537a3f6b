import { Pull, Push, Reply, Request } from "zeromq";

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

/** A bound REP socket that sends back what it receives; its endpoint. */
export async function plainReply(): Promise<string> {
  const reply = new Reply();
  await reply.bind("tcp://127.0.0.1:*");
  void (async () => {
    for await (const [message = Buffer.alloc(0)] of reply) await reply.send(message);
  })();
  return reply.lastEndpoint as string;
}

/** A connected REQ socket. */
export function plainRequest(endpoint: string): Disposable & { ask(message: Uint8Array): Promise<void> } {
  const request = new Request();
  request.connect(endpoint);
  const ask = async (message: Uint8Array): Promise<void> => {
    await request.send(message);
    await request.receive();
  };
  return { ask, [Symbol.dispose]: () => request.close() };
}
