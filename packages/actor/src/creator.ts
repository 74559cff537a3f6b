import { type Answer, answerTo, type EdgeMessage, type ServicePath, SwbusErrorCode } from "@tandem/swbus/edge";
import { describeRowError } from "@tandem/swss";
import type { AnyActor } from "./define-actor.js";
import { BRIDGE_TYPE, decodeEnvelope, decodePayload } from "./envelope.js";
import type { PlaceHost } from "./place-host.js";

/**
 * Catches messages for actors of one type that do not exist: a row from a bridge makes one, anything else is refused in
 * the words of sonic-dash-ha. Answers and management requests for nobody are dropped: they are never sent on.
 */
export class Creator implements Disposable {
  readonly #host: PlaceHost;
  readonly #definition: AnyActor;
  readonly #path: ServicePath;
  readonly #unregister: () => void;

  constructor(host: PlaceHost, definition: AnyActor) {
    this.#host = host;
    this.#definition = definition;
    this.#path = host.edge.basePath.withResource(definition.type, "");
    this.#unregister = host.edge.register(this.#path, "private", (message) => this.#receive(message));
  }

  [Symbol.dispose](): void {
    this.#unregister();
  }

  #receive(message: EdgeMessage): boolean {
    if (message.body.kind === "data") this.#create(message);
    return true;
  }

  #create(message: EdgeMessage): void {
    const refusal = this.#tryCreate(message);
    const { edge } = this.#host;
    if (refusal === undefined) edge.send(answerTo(message, edge.newId()));
    else edge.send(answerTo(message, edge.newId(), { ...refusal, source: this.#path }));
  }

  #tryCreate({ source, destination, body }: EdgeMessage): Answer | undefined {
    const payload = body.kind === "data" ? decodePayload(body.payload) : undefined;
    if (source.resourceType !== BRIDGE_TYPE) {
      return { code: SwbusErrorCode.NO_ROUTE, text: "actor doesn't exist: not from common-bridge" };
    }
    const envelope = payload === undefined ? undefined : decodeEnvelope(payload.data);
    if (payload === undefined || envelope === undefined) {
      return { code: SwbusErrorCode.INVALID_PAYLOAD, text: "cannot decode as ActorMessage" };
    }
    if (envelope.operation === "Del") {
      return { code: SwbusErrorCode.NO_ROUTE, text: "actor doesn't exist: won't create actor for DEL kfv" };
    }
    const actor = destination.resourceId;
    try {
      const wrong = this.#definition.checkId?.(actor);
      const refusal =
        wrong === undefined
          ? this.#host.feedRow(source, payload.key, { key: envelope.key, fields: envelope.fields })
          : describeRowError(wrong, actor);
      if (refusal !== undefined) {
        return { code: SwbusErrorCode.FAIL, text: `Failed to create actor ${actor}: ${refusal}` };
      }
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { code: SwbusErrorCode.FAIL, text: `Panic while creating actor ${actor}: ${detail}` };
    }
    return undefined;
  }
}
