import { type Clock, err, noCrash, ok, type Result, seconds, seededRandom, unwrap } from "@tandem/base";
import { VirtualClock } from "@tandem/base/testing";
import { Bridge, type BridgeOptions } from "../bridge/bridge.js";
import type { BridgeEvent } from "../bridge/bridge-event.js";
import { NULL_FID, parseFid } from "../fid.js";
import type { EntrypointReply, HaLink, LinkError, LinkEvent, LinkId, LinkInfo, RequestId } from "../link/ha-link.js";
import type { HaData, HaMessage, ProcessEvent } from "../motr/message.js";
import { MemoryConsul } from "./memory-consul.js";

/** A process fid. */
export const r = (key: number) => unwrap(parseFid(`r|1:${key}`));
/** A service fid. */
export const s = (key: number) => unwrap(parseFid(`s|1:${key}`));
export const DOWN = { kind: "status", status: 500, what: "500 No cluster leader" } as const;

/** Links whose calls are written down; the test speaks for their processes. */
export class ScriptedLink implements HaLink {
  /** `behind`: messages sent before it, on all links. */
  readonly replies: {
    readonly id: RequestId;
    readonly reply: EntrypointReply;
    readonly at: number;
    readonly behind: number;
  }[] = [];
  /** Whether nobody waits for replies any more. */
  deaf = false;
  readonly sent: { readonly to: LinkId; readonly tag: bigint; readonly message: Omit<HaMessage, "tag"> }[] = [];
  readonly acknowledged: bigint[] = [];
  readonly ended: LinkId[] = [];
  readonly full = new Set<LinkId>();
  /** Whether processes say at once that they have what they were sent. */
  answers = false;
  readonly #links = new Map<LinkId, LinkInfo>();
  readonly #listeners = new Set<(event: LinkEvent) => void>();
  #tag = -1n;

  constructor(private readonly clock: Clock) {}

  onEvent(listener: (event: LinkEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  replyEntrypoint(id: RequestId, reply: EntrypointReply): Result<void, LinkError> {
    if (this.deaf) return err({ kind: "noSuchRequest", request: id });
    this.replies.push({ id, reply, at: this.clock.monotonic(), behind: this.sent.length });
    return ok();
  }
  send(to: LinkId, message: Omit<HaMessage, "tag">): Result<bigint, LinkError> {
    if (this.full.has(to)) return err({ kind: "queueFull", link: to, limit: 256 });
    this.#tag += 2n;
    const tag = this.#tag;
    this.sent.push({ to, tag, message });
    if (this.answers) queueMicrotask(() => this.event({ kind: "delivered", link: to, tag }));
    return ok(tag);
  }
  delivered(_link: LinkId, tag: bigint): void {
    this.acknowledged.push(tag);
  }
  disconnect(id: LinkId, reason: string): void {
    this.ended.push(id);
    this.#links.delete(id);
    this.event({ kind: "linkDisconnected", link: id, reason });
  }
  links(): readonly LinkInfo[] {
    return [...this.#links.values()];
  }
  view() {
    return [];
  }
  async [Symbol.asyncDispose](): Promise<void> {}

  event(event: LinkEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
  connect(name: string, key: number, again = false): LinkId {
    const link: LinkInfo = { id: name as LinkId, process: r(key), endpoint: `inet:tcp:10.9.8.11@${key}` };
    this.#links.set(link.id, link);
    const requestId = again ? undefined : (name as RequestId);
    this.event({ kind: "linkConnected", requestId, link });
    return link.id;
  }
  ask(id: string, key = 16, firstRequest = true): void {
    const request = { requestId: id as RequestId, endpoint: "x", process: r(key), gitRev: "", pid: 1n };
    this.event({ kind: "entrypoint", request: { ...request, firstRequest } });
  }
  say(link: LinkId, tag: number, data: HaData, fid = NULL_FID): void {
    const none = { sourceProcess: NULL_FID, sourceService: NULL_FID, time: 0n, epoch: 0n };
    this.event({ kind: "message", link, tag: BigInt(tag), message: { ...none, fid, tag: BigInt(tag), data } });
  }
  started(link: LinkId, tag: number, key: number, event: ProcessEvent = "STARTED"): void {
    this.say(link, tag, { type: "EVENT_PROCESS", event, processType: "M0D", pid: 4242n }, r(key));
  }
  vectors(): readonly (HaData & { readonly type: "NVEC" })[] {
    return this.sent.flatMap(({ message }) => (message.data.type === "NVEC" ? [message.data] : []));
  }
}

/** Three nodes b1, b2, b3, keys 0x40 apart; b2 leads. */
export function cluster(consul: MemoryConsul): MemoryConsul {
  consul.sessions.set("5d0c", "b2");
  consul.set("leader", "b2", "5d0c");
  consul.set("eq-epoch", "1");
  for (const [i, node] of ["b1", "b2", "b3"].entries()) {
    const at = `m0conf/nodes/${node}/processes`;
    consul.set(`${at}/${9 + 64 * i}/services/rms`, String(10 + 64 * i));
    consul.set(`${at}/${16 + 64 * i}/services/ios`, String(18 + 64 * i));
    consul.set(`${at}/${16 + 64 * i}/services/rms`, String(17 + 64 * i));
    const address = `inet:tcp:10.9.8.2${i + 1}`;
    const add = (name: string, serviceId: number, port: number) =>
      consul.register(name, {
        ...{ node, serviceId: String(serviceId), address, port, meta: { transport_type: "libfab" } },
        checks: [
          { checkId: "serfHealth", status: "passing", serviceId: "" },
          { checkId: `service:${serviceId}`, status: "passing", serviceId: String(serviceId) },
        ],
      });
    add("confd", 9 + 64 * i, 21002);
    add("ios", 16 + 64 * i, 21003);
  }
  return consul;
}

/** A bridge between the two, one virtual second after its start. */
export async function world(
  changes: Partial<BridgeOptions> = {},
  prepare: (consul: MemoryConsul) => void = () => {},
  consulOf: (clock: Clock) => MemoryConsul = (clock) => new MemoryConsul(clock),
) {
  const clock = new VirtualClock();
  const link = new ScriptedLink(clock);
  const consul = cluster(consulOf(clock));
  prepare(consul);
  const events: BridgeEvent[] = [];
  const bridge = new Bridge({
    ...{ clock, random: seededRandom(7), crashPoint: noCrash, link, consul, node: "b1", profile: "default" },
    ...{ notPassing: "graded", expand: "services", stobIoq: "ignore", services: ["ios"], viewMax: seconds(60) },
    onEvent: (event) => events.push(event),
    ...changes,
  });
  await bridge.start();
  await clock.advance(seconds(1));
  const of = <K extends BridgeEvent["kind"]>(kind: K) =>
    events.filter((event): event is BridgeEvent & { readonly kind: K } => event.kind === kind);
  return { clock, link, consul, bridge, events, of };
}
