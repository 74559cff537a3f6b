import { type Clock, type Result, sleep, type Timer } from "@tandem/base";
import { formatFid } from "../fid.js";
import type { EntrypointReply, EntrypointRequest, HaLink } from "../link/ha-link.js";
import type { BridgeEvent } from "./bridge-event.js";
import type { ClusterReader } from "./cluster-reader.js";
import type { ConsulCaller } from "./consul-caller.js";
import { AGAIN, STOPPING } from "./core/entrypoint-reply.js";
import { Pacing } from "./core/pacing.js";
import type { RestartDesk, Starts } from "./restart-desk.js";

/** Requests that wait for a reply; one more is told to come again. */
const REQUESTS_MAX = 1024;

/**
 * Entrypoint requests: each is answered once, in the order of their coming. A process that was told EAGAIN comes again
 * at once; its next request stands in the line only when its pace allows, and holds up nobody meanwhile. One read of
 * Consul answers all that came before it.
 */
export class EntrypointDesk {
  readonly #pacing = new Pacing();
  readonly #line: { readonly request: EntrypointRequest; readonly came: number }[] = [];
  readonly #paced = new Map<EntrypointRequest, Timer>();
  #working = false;
  #stopping = false;

  constructor(
    private readonly parts: {
      readonly clock: Clock;
      readonly link: HaLink;
      readonly reader: ClusterReader;
      readonly caller: ConsulCaller;
      readonly tell: (event: BridgeEvent) => void;
      /** Without it nobody looks for processes that were gone unnoticed. */
      readonly restarts?: RestartDesk;
    },
  ) {}

  get waiting(): number {
    return this.#line.length + this.#paced.size;
  }

  /** Never waits. */
  receive(request: EntrypointRequest): void {
    if (this.#stopping) {
      this.parts.link.replyEntrypoint(request.requestId, STOPPING);
      return;
    }
    if (this.waiting >= REQUESTS_MAX) {
      this.parts.tell({ kind: "overflow", queue: "entrypoints", limit: REQUESTS_MAX });
      this.#reply(request, AGAIN, this.parts.clock.monotonic(), `${REQUESTS_MAX} requests wait already`);
      return;
    }
    const wait = this.#pacing.waitOf(formatFid(request.process), this.parts.clock.monotonic());
    if (wait === 0) this.#enter(request);
    else
      this.#paced.set(
        request,
        this.parts.clock.setTimer(wait, () => {
          this.#paced.delete(request);
          this.#enter(request);
        }),
      );
  }

  /** In strict order: one request, its pace included, before anything else. */
  async one(request: EntrypointRequest): Promise<void> {
    const { clock, caller, reader } = this.parts;
    const came = clock.monotonic();
    const wait = this.#pacing.waitOf(formatFid(request.process), came);
    if (wait > 0) await sleep(clock, wait, caller.signal).catch(() => {});
    const read = await reader.entrypoint();
    if (read.ok) this.#reply(request, read.value, came, "confds told");
    else this.#reply(request, AGAIN, came, read.error);
  }

  /** Everybody who waits is told that there is nothing to wait for; so is everybody who comes. */
  stop(): void {
    this.#stopping = true;
    const paced = [...this.#paced.keys()];
    for (const timer of this.#paced.values()) timer.cancel();
    this.#paced.clear();
    for (const { requestId } of [...this.#line.splice(0).map(({ request }) => request), ...paced])
      this.parts.link.replyEntrypoint(requestId, STOPPING);
  }

  #enter(request: EntrypointRequest): void {
    this.#line.push({ request, came: this.parts.clock.monotonic() });
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    const { outage } = this.parts.caller;
    const { reader, restarts } = this.parts;
    // Requests of one turn of the event loop share a read.
    await Promise.resolve();
    while (this.#line.length > 0) {
      const batch = this.#line.length;
      const firsts = this.#line.map(({ request }) => request).filter((request) => restarts?.isFirst(request) === true);
      const away = { ok: false, error: `Consul does not answer: ${outage.why}` } as const;
      const [read, starts] =
        outage.since === undefined
          ? await Promise.all([reader.entrypoint(), firsts.length === 0 ? undefined : restarts?.read(firsts)])
          : [away, undefined];
      for (const { request, came } of this.#line.splice(0, batch))
        if (!read.ok) this.#reply(request, AGAIN, came, read.error);
        else if (starts !== undefined && restarts?.isFirst(request) === true)
          this.#replyFirst(restarts, request, came, read.value, starts);
        else this.#reply(request, read.value, came, "confds told");
    }
    this.#working = false;
  }

  /** A process that begins: others hear before the reply that it was gone, and the reply makes it count. */
  #replyFirst(
    restarts: RestartDesk,
    request: EntrypointRequest,
    came: number,
    reply: EntrypointReply,
    starts: Result<Starts, string>,
  ): void {
    if (!starts.ok) this.#reply(request, AGAIN, came, starts.error);
    else if (!restarts.admit(request, starts.value))
      this.#reply(request, AGAIN, came, "too many events wait: its end cannot be stored");
    else if (this.#reply(request, reply, came, "confds told")) restarts.count(request, starts.value);
  }

  /** False: nobody waits for it any more. */
  #reply(request: EntrypointRequest, reply: EntrypointReply, came: number, because: string): boolean {
    const { clock, link, tell } = this.parts;
    const process = formatFid(request.process);
    if (reply.rc === 0) this.#pacing.served(process);
    else this.#pacing.refused(process, clock.monotonic());
    const sent = link.replyEntrypoint(request.requestId, reply);
    if (!sent.ok) tell({ kind: "refusedByLink", error: sent.error });
    this.parts.restarts?.replied(request, sent.ok ? reply : AGAIN);
    tell({ kind: "entrypoint", process: request.process, rc: reply.rc, took: clock.monotonic() - came, because });
    return sent.ok;
  }
}
