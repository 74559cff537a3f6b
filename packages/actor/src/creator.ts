import { answerTo, type EdgeMessage, SwbusErrorCode } from "@tandem/swbus/edge";
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
  readonly #unregister: () => void;

  constructor(host: PlaceHost, definition: AnyActor) {
    this.#host = host;
    this.#definition = definition;
    const path = host.edge.basePath.withResource(definition.type, "");
    this.#unregister = host.edge.register(path, "private", (message) => this.#receive(message));
  }

  [Symbol.dispose](): void {
    this.#unregister();
  }

  #receive(message: EdgeMessage): boolean {
    if (message.body.kind === "data") this.#create(message, decodePayload(message.body.payload));
    return true;
  }

  #create(message: EdgeMessage, payload: ReturnType<typeof decodePayload>): void {
    const { source, destination } = message;
    if (source.resourceType !== BRIDGE_TYPE) {
      return this.#refuse(message, SwbusErrorCode.NO_ROUTE, "actor doesn't exist: not from common-bridge");
    }
    const envelope = payload === undefined ? undefined : decodeEnvelope(payload.data);
    if (payload === undefined || envelope === undefined) {
      return this.#refuse(message, SwbusErrorCode.INVALID_PAYLOAD, "cannot decode as ActorMessage");
    }
    if (envelope.operation === "Del") {
      return this.#refuse(message, SwbusErrorCode.NO_ROUTE, "actor doesn't exist: won't create actor for DEL kfv");
    }
    const actor = destination.resourceId;
    try {
      const wrong = this.#definition.checkId?.(actor);
      const refusal =
        wrong === undefined
          ? this.#host.feedRow(source, payload.key, { key: envelope.key, fields: envelope.fields })
          : describeRowError(wrong, actor);
      if (refusal !== undefined) {
        return this.#refuse(message, SwbusErrorCode.FAIL, `Failed to create actor ${actor}: ${refusal}`);
      }
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return this.#refuse(message, SwbusErrorCode.FAIL, `Panic while creating actor ${actor}: ${detail}`);
    }
    this.#host.edge.send(answerTo(message, this.#host.edge.newId()));
  }

  #refuse(message: EdgeMessage, code: SwbusErrorCode, text: string): void {
    const source = this.#host.edge.basePath.withResource(this.#definition.type, "");
    this.#host.edge.send(answerTo(message, this.#host.edge.newId(), { code, text, source }));
  }
}
