import { type Clock, err, ok, type Result } from "@tandem/base";
import { type Accept, type Arrival, type BusStream, GrpcStatus, type Metadata, type Refusal } from "@tandem/wire";
import { describeNames } from "../security/certificate-names.js";
import { parseServicePath, type ServicePath } from "../service-path.js";
import { type AdmissionFault, admit, claimOf, peerFault, SERVER_PATH_HEADER, type Visitor } from "./admission.js";
import { Audit } from "./audit.js";
import type { SwbusConfig } from "./config.js";
import type { SwbusdObserver, SwbusdStats } from "./events.js";
import { isOnThisHost, ownAddresses } from "./own-host.js";

export interface DoorOptions {
  readonly self: ServicePath;
  readonly isOwn: (path: ServicePath) => boolean;
  readonly config: SwbusConfig;
  readonly clock: Clock;
  readonly stats: SwbusdStats;
  readonly observer: SwbusdObserver;
}

/** Decides who comes in, at either end of a stream, and keeps the audit of those who do not. */
export class Door {
  readonly #options: DoorOptions;
  readonly #audit: Audit;
  /** IP addresses of this host, as the configuration knows them. */
  #addresses: ReadonlySet<string>;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#audit = new Audit(options);
    this.#addresses = ownAddresses(options.config);
  }

  configure(config: SwbusConfig): void {
    this.#addresses = ownAddresses(config);
  }

  /** Who an incoming stream is, or the answer that turns it away. */
  admit(metadata: Metadata, remote: string, { local, certificate }: Arrival): Result<Visitor, Accept> {
    const { self, isOwn } = this.#options;
    const here = isOnThisHost(remote, local, this.#addresses);
    const visitor = admit(metadata, { self, isOwn, local: here, certificate });
    if (visitor.ok) return visitor;
    const { reason, detail } = visitor.error;
    this.#refuse({ remote, certificate, reason, detail, effect: "the stream is refused" }, claimOf(metadata));
    const denied = reason === "certificateName" || reason === "otherHost";
    const code = denied ? GrpcStatus.permissionDenied : GrpcStatus.invalidArgument;
    return err({ accept: false, code, detail });
  }

  /** Which swbusd answers at an endpoint that we dialed; the error is why it is of no use. */
  recognize(endpoint: string, { metadata, certificate }: BusStream): Result<ServicePath, string> {
    const { isOwn } = this.#options;
    const text = metadata[SERVER_PATH_HEADER];
    const path = text === undefined ? undefined : parseServicePath(text);
    const fault: AdmissionFault | undefined =
      path === undefined
        ? { reason: "noPath", detail: `the answer lacks the header ${SERVER_PATH_HEADER}` }
        : peerFault(path, { isOwn, certificate });
    if (fault === undefined && path !== undefined) return ok(path);
    const { reason, detail } = fault ?? { reason: "noPath", detail: "" };
    const effect = "the stream that we dialed is closed and dialed again";
    this.#refuse({ remote: endpoint, certificate, reason, detail, effect }, text ?? "");
    return err(detail);
  }

  /** Somebody was turned away before it could say who it is. */
  refused(refusal: Refusal): void {
    this.#refuse(refusal, "");
  }

  stop(): void {
    this.#audit.stop();
  }

  #refuse(refusal: Omit<Refusal, "reason"> & { readonly reason: string }, claimed: string): void {
    const { certificate, remote, reason, detail, effect } = refusal;
    const proved = certificate === undefined ? "" : `${certificate.subject} (${describeNames(certificate.uris)})`;
    this.#audit.refused({ remote, claimed, certificate: proved, reason, detail, effect });
  }
}
