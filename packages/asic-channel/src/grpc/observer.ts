import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientReadableStream, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { err, ok, type Result } from "@tandem/base";
import type { Endpoint } from "@tandem/wire";
import type { EndError } from "../asic-error.js";
import { type ObservedEvent, ObservedEventSchema, ObserveRequestSchema } from "../gen/sai_pb.js";
import type { AsicObserver, Observed } from "../transport.js";
import { eventOf } from "./observed.js";
import { MESSAGE_BYTES_MAX } from "./options.js";

const METHOD = "/sai.SaiService/Observe";

/** Looks on at a server. What it sees ends with the server. */
export class GrpcObserver implements AsicObserver {
  readonly #client: Client;
  readonly #call: ClientReadableStream<ObservedEvent>;

  private constructor(client: Client, call: ClientReadableStream<ObservedEvent>) {
    this.#client = client;
    this.#call = call;
  }

  /** From when it resolves, nothing is missed unmarked. */
  static open(serviceEndpoint: Endpoint): Promise<Result<GrpcObserver, EndError>> {
    const client = new Client(serviceEndpoint, credentials.createInsecure(), {
      "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    });
    const call = client.makeServerStreamRequest(
      METHOD,
      () => Buffer.from(toBinary(ObserveRequestSchema, create(ObserveRequestSchema))),
      (bytes) => fromBinary(ObservedEventSchema, bytes),
      undefined,
    );
    return new Promise((resolve) => {
      call.once("metadata", () => resolve(ok(new GrpcObserver(client, call))));
      // Its end is read from the iteration as well.
      call.on("error", (error) => {
        client.close();
        const nobody = (error as Partial<ServiceError>).code === status.UNAVAILABLE;
        const reason = nobody ? "no server is there; tandem asic syncd --serve grpc is one" : error.message;
        resolve(err({ kind: "unusable", reason: `${serviceEndpoint}: ${reason}` }));
      });
    });
  }

  async *events(signal: AbortSignal): AsyncGenerator<Observed> {
    const stop = (): void => this.#call.cancel();
    signal.addEventListener("abort", stop, { once: true });
    try {
      for await (const message of this.#call as AsyncIterable<ObservedEvent>) {
        const event = eventOf(message);
        yield event.ok ? event.value : { kind: "gap", count: 1 };
      }
    } catch {
      // The server went, or the caller had enough: it ends as it would without a word.
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#call.cancel();
    this.#client.close();
  }
}
