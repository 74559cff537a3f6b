import { err, type Millis, ok, type Result } from "@tandem/base";
import { fidLetter, formatFid, sameFid } from "../fid.js";
import type { ProcessCookie } from "../motr/fops.js";
import { CODES, type Connection, peerOf, printable, type Request } from "./connection.js";
import type { ConnectionId, DeskPorts } from "./desk-ports.js";
import { decodeFrame, type Frame, type FrameOf, LINK_VERSION } from "./frame.js";
import type { EntrypointReply, LinkError, RequestId, TroubleKind } from "./ha-link.js";
import type { LinkLimits } from "./limits.js";
import type { Complaint } from "./link-record.js";
import { LinkTable } from "./link-table.js";

export interface DeskOptions {
  readonly limits: LinkLimits;
  readonly ports: DeskPorts;
  readonly name: string;
  readonly cookie: ProcessCookie;
}

/**
 * The conversation of hax with all its peers, frame by frame: who may say what when, and what follows. It holds no
 * sockets and no timers: whoever does calls `opened`, `received`, `closed` and, every second, `tick`.
 */
export class LinkDesk {
  readonly #options: DeskOptions;
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #requests = new Map<RequestId, Request>();
  readonly links: LinkTable;
  #stopping = false;

  constructor(options: DeskOptions) {
    this.#options = options;
    const ports: DeskPorts = { ...options.ports, write: (connection, frame) => this.#write(connection, frame) };
    this.links = new LinkTable(options.limits, ports, (connection, complaint) => this.#complain(connection, complaint));
  }

  get connections(): number {
    return this.#connections.size;
  }

  opened(id: ConnectionId, address: string): void {
    const now = this.#now();
    this.#connections.set(id, {
      ...{ id, address, since: now, name: undefined, lastHeard: now, lastWritten: now },
      ...{ frames: this.#options.limits.framesPerSecond, refilled: now, requests: new Map() },
    });
  }

  /** Bytes of one frame, without its length. */
  received(id: ConnectionId, bytes: Uint8Array): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    const now = this.#now();
    connection.lastHeard = now;
    if (!this.#mayTalk(connection, now)) return;
    const frame = decodeFrame(bytes);
    if (frame.ok) this.#take(connection, frame.value);
    else this.fault(id, "garbage", `${frame.error}; the connection is closed`);
  }

  /** The connection itself is at fault: it is told, then closed. */
  fault(id: ConnectionId, trouble: TroubleKind, detail: string): void {
    this.#complain(id, { trouble, detail, fatal: true });
  }

  closed(id: ConnectionId, reason: string): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    for (const request of connection.requests.values()) this.#requests.delete(request.id);
    this.links.lost(id, reason);
  }

  /** From now on nothing begins: requests and announcements are passed over, until the connections are closed. */
  stop(): void {
    this.#stopping = true;
  }

  replyEntrypoint(id: RequestId, reply: EntrypointReply): Result<void, LinkError> {
    const request = this.#requests.get(id);
    if (request === undefined) return err({ kind: "noSuchRequest", request: id });
    if (request.replied) return err({ kind: "alreadyReplied", request: id });
    request.replied = true;
    this.#write(request.connection, { kind: "entrypointReply", request: request.wireId, ...reply });
    return ok();
  }

  tick(): void {
    const { helloWithin, silenceMax, pingEvery } = this.#options.limits;
    const now = this.#now();
    for (const connection of [...this.#connections.values()]) {
      const { id, name, since, lastHeard, lastWritten } = connection;
      if (name === undefined && now - since >= helloWithin)
        this.fault(id, "silent", `no Hello within ${helloWithin} ms; the connection is closed`);
      else if (now - lastHeard >= silenceMax)
        this.fault(id, "silent", `nothing heard for ${now - lastHeard} ms; the connection is closed`);
      else if (now - lastWritten >= pingEvery) this.#write(id, { kind: "ping" });
    }
    this.links.tick();
  }

  #take(connection: Connection, frame: Frame): void {
    if (frame.kind === "hello") {
      this.#greet(connection, frame);
      return;
    }
    const { id } = connection;
    if (connection.name === undefined) {
      this.fault(id, "outOfTurn", `${frame.kind} before Hello; the connection is closed`);
      return;
    }
    switch (frame.kind) {
      case "entrypointRequest":
        if (!this.#stopping) this.#asked(connection, frame);
        return;
      case "linkConnected":
      case "linkReused":
        if (!this.#stopping) this.#announced(connection, frame);
        return;
      case "linkAbsent": {
        const request = this.#settle(connection, frame.request);
        if (request !== undefined) this.#options.ports.tell({ kind: "linkAbsent", requestId: request.id });
        return;
      }
      case "message":
        this.links.message(id, frame);
        return;
      case "delivered":
      case "notDelivered":
        this.links.answered(id, frame);
        return;
      case "linkDisconnecting":
      case "linkDisconnected":
        this.links.parting(id, frame);
        return;
      case "error":
        this.#options.ports.tell({
          ...{ kind: "trouble", trouble: "peerComplains", peer: peerOf(connection) },
          detail: `says ${frame.code}: ${frame.text}`,
        });
        return;
      case "ping":
        this.#write(id, { kind: "pong" });
        return;
      case "pong":
        return;
      case "welcome":
      case "entrypointReply":
      case "disconnect":
        this.fault(id, "outOfTurn", `${frame.kind} is hax's to say; the connection is closed`);
        return;
    }
  }

  #greet(connection: Connection, { version, name }: FrameOf<"hello">): void {
    const { limits, cookie } = this.#options;
    const { id } = connection;
    if (connection.name !== undefined) this.fault(id, "outOfTurn", "a second Hello; the connection is closed");
    else if (version !== LINK_VERSION) {
      const detail = `hax.link version ${version}: this hax speaks ${LINK_VERSION}; the connection is closed`;
      this.fault(id, "version", detail);
    } else {
      connection.name = printable(name);
      this.#write(id, {
        ...{ kind: "welcome", version, name: this.#options.name, cookie },
        ...{ frameMax: limits.frameMax, window: limits.window, silenceMs: limits.silenceMax },
      });
    }
  }

  #asked(connection: Connection, frame: FrameOf<"entrypointRequest">): void {
    const { process, request: wireId } = frame;
    const { id, requests } = connection;
    if (fidLetter(process) !== "r") {
      const detail = `entrypoint request of ${formatFid(process)}, which is no process; the connection is closed`;
      this.fault(id, "liesAboutFid", detail);
      return;
    }
    const taken = this.links.whyNotOf(id, process);
    if (taken !== undefined) {
      this.fault(id, "liesAboutFid", taken);
      return;
    }
    if (wireId === 0n || requests.has(wireId)) {
      this.fault(id, "outOfTurn", `entrypoint request ${wireId} is not a new one; the connection is closed`);
      return;
    }
    if (!this.#roomForRequest(connection)) return;
    const requestId = `${id}:${wireId.toString(16).padStart(32, "0")}` as RequestId;
    const request: Request = { id: requestId, wireId, connection: id, process, replied: false };
    requests.set(wireId, request);
    this.#requests.set(requestId, request);
    if (frame.firstRequest) this.links.beganAnew(process);
    const { endpoint, gitRev, pid, firstRequest } = frame;
    this.#options.ports.tell({
      kind: "entrypoint",
      request: { requestId, endpoint, process, gitRev, pid, firstRequest },
    });
  }

  /** Of the requests whose link was never announced the oldest replied one makes room. */
  #roomForRequest({ id, requests }: Connection): boolean {
    const { requestsMax } = this.#options.limits;
    if (requests.size < requestsMax) return true;
    for (const request of requests.values()) {
      if (!request.replied) continue;
      requests.delete(request.wireId);
      this.#requests.delete(request.id);
      return true;
    }
    this.fault(id, "flood", `${requestsMax} entrypoint requests wait for replies; the connection is closed`);
    return false;
  }

  #announced(connection: Connection, frame: FrameOf<"linkConnected">): void {
    const { id } = connection;
    const request = frame.request === 0n ? undefined : this.#settle(connection, frame.request);
    if (frame.request !== 0n && request === undefined) return;
    const process = formatFid(frame.process);
    if (request !== undefined && !sameFid(request.process, frame.process)) {
      const detail = `a link of ${process} for a request of ${formatFid(request.process)}; the connection is closed`;
      this.fault(id, "liesAboutFid", detail);
      return;
    }
    const taken = this.links.whyNotOf(id, frame.process);
    if (taken !== undefined) this.fault(id, "liesAboutFid", taken);
    else this.links.announced(id, peerOf(connection), frame, request?.id);
  }

  /** The request that a link event ends; it must have been replied. */
  #settle({ id, requests }: Connection, wireId: bigint): Request | undefined {
    const request = requests.get(wireId);
    if (request === undefined || !request.replied) {
      const detail = `a link for entrypoint request ${wireId}, which has no reply; the connection is closed`;
      this.fault(id, "outOfTurn", detail);
      return undefined;
    }
    requests.delete(wireId);
    this.#requests.delete(request.id);
    return request;
  }

  #mayTalk(connection: Connection, now: Millis): boolean {
    const { framesPerSecond } = this.#options.limits;
    const refill = ((now - connection.refilled) * framesPerSecond) / 1000;
    connection.frames = Math.min(framesPerSecond, connection.frames + refill) - 1;
    connection.refilled = now;
    if (connection.frames >= 0) return true;
    const detail = `more than ${framesPerSecond} frames in a second; the connection is closed`;
    this.fault(connection.id, "flood", detail);
    return false;
  }

  #complain(id: ConnectionId, { trouble, detail, fatal, link }: Complaint): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#options.ports.tell({
      ...{ kind: "trouble", trouble, peer: peerOf(connection), detail },
      ...(link !== undefined && { link }),
    });
    this.#write(id, { kind: "error", code: CODES[trouble], text: detail, fatal });
    if (!fatal) return;
    this.closed(id, detail);
    this.#options.ports.close(id);
  }

  #write(id: ConnectionId, frame: Frame): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    connection.lastWritten = this.#now();
    this.#options.ports.write(id, frame);
  }

  #now(): Millis {
    return this.#options.ports.monotonic();
  }
}
