import { create } from "@bufbuild/protobuf";
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { err, ok, type Result } from "@tandem/base";
import type { Endpoint } from "@tandem/wire";
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflection as ServerReflectionService,
} from "../gen/reflection_pb.js";
import {
  type Attribute,
  type CreateRequest,
  CreateResponseSchema,
  type GetRequest,
  GetResponseSchema,
  type Notification,
  type NotificationFilter,
  type ObservedEvent,
  type ObserveRequest,
  type RemoveRequest,
  RemoveResponseSchema,
  SaiService,
  type SetRequest,
  SetResponseSchema,
} from "../gen/sai_pb.js";
import type { AsicReply } from "../reply.js";
import { checkRequest, describeRequestFault, NO_ATTRIBUTES } from "../request.js";
import type { Observed } from "../transport.js";
import { definitionOf } from "./definition.js";
import type { RequestDesk } from "./desk.js";
import { eventMessage } from "./observed.js";
import { MESSAGE_BYTES_MAX } from "./options.js";
import { Reflection } from "./reflection.js";
import type { Taps } from "./taps.js";
import { attributesOf, fieldsOf, notificationMessage } from "./wire.js";

/** Unary calls that wait for those before them. */
const CALLS_MAX = 64;

/** Subscribers and observers at a time. */
const TAPS_MAX = 64;

/** Under this name clients of before 2023 look for reflection; its messages are the same. */
const REFLECTION_ALPHA = "grpc.reflection.v1alpha.ServerReflection";

export interface SaiServiceOptions {
  readonly desk: RequestDesk;
  readonly taps: Taps;
  /** Who holds the channel, in words; then nobody else changes anything. */
  readonly holder: () => string | undefined;
}

type Unary<Request, Response> = (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>) => void;
type Named = { readonly objectType: string; readonly objectId: string; readonly attributes?: readonly Attribute[] };

/** The calls of the SAI service that are not the channel, for tools and for those who look on. */
export class SaiServiceServer implements Disposable {
  readonly #server = new Server({
    "grpc.max_receive_message_length": MESSAGE_BYTES_MAX,
    "grpc.max_send_message_length": MESSAGE_BYTES_MAX,
  });
  readonly #options: SaiServiceOptions;
  #calls = 0;

  private constructor(options: SaiServiceOptions) {
    this.#options = options;
    this.#server.addService(definitionOf(SaiService), {
      create: this.#unary<CreateRequest>("create", ({ status: said }) =>
        create(CreateResponseSchema, { status: said }),
      ),
      remove: this.#unary<RemoveRequest>("remove", ({ status: said }) =>
        create(RemoveResponseSchema, { status: said }),
      ),
      set: this.#unary<SetRequest>("set", ({ status: said }) => create(SetResponseSchema, { status: said })),
      get: this.#unary<GetRequest>("get", ({ status: said, fields }, { objectType }) =>
        create(GetResponseSchema, { status: said, attributes: attributesOf(objectType, fields) }),
      ),
      bulkOperations: (call: ServerDuplexStream<unknown, unknown>) =>
        call.emit("error", {
          code: status.UNIMPLEMENTED,
          details: "the channel is served at the port before this one",
        }),
      subscribeNotifications: (call: ServerWritableStream<NotificationFilter, Notification>) => {
        const names = new Set(call.request.names);
        this.#tap(call, (event) => {
          if (event.kind !== "notification" || (names.size > 0 && !names.has(event.notification.name)))
            return undefined;
          return notificationMessage(event.notification);
        });
      },
      observe: (call: ServerWritableStream<ObserveRequest, ObservedEvent>) => this.#tap(call, eventMessage),
    });
    const reflection = new Reflection([SaiService, ServerReflectionService]);
    const info = (call: ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>): void => {
      call.on("data", (request: ServerReflectionRequest) => call.write(reflection.answer(request)));
      call.on("end", () => call.end());
    };
    this.#server.addService(definitionOf(ServerReflectionService), { serverReflectionInfo: info });
    this.#server.addService(definitionOf(ServerReflectionService, REFLECTION_ALPHA), { serverReflectionInfo: info });
  }

  static listen(endpoint: Endpoint, options: SaiServiceOptions): Promise<Result<SaiServiceServer, string>> {
    const service = new SaiServiceServer(options);
    return new Promise((resolve) => {
      service.#server.bindAsync(endpoint, ServerCredentials.createInsecure(), (error) => {
        resolve(error === null ? ok(service) : err(error.message));
      });
    });
  }

  [Symbol.dispose](): void {
    this.#server.forceShutdown();
  }

  /** A call that is one request. */
  #unary<Request extends Named>(
    op: "create" | "remove" | "set" | "get",
    answer: (reply: AsicReply, request: Request) => unknown,
  ): Unary<Request, unknown> {
    return ({ request }, done) => {
      const fail = (code: status, details: string): void => done({ code, details });
      const holder = op === "get" ? undefined : this.#options.holder();
      if (holder !== undefined) return fail(status.FAILED_PRECONDITION, holder);
      if (this.#calls >= CALLS_MAX) return fail(status.RESOURCE_EXHAUSTED, `${CALLS_MAX} calls wait already`);
      const fields = fieldsOf(request.attributes ?? []);
      const whole = op === "create" && fields.length === 0 ? NO_ATTRIBUTES : fields;
      const checked = checkRequest(op, `${request.objectType}:${request.objectId}`, whole);
      if (!checked.ok) return fail(status.INVALID_ARGUMENT, describeRequestFault(checked.error));
      this.#calls += 1;
      const { desk, taps } = this.#options;
      const delivery = {
        ...{ request: checked.value, id: undefined, repeated: false },
        ...{ unanswered: false, rowsWritten: false },
      };
      taps.request(undefined, checked.value);
      void desk
        .execute(delivery, (reply) => taps.reply(undefined, reply))
        .then((reply) => {
          this.#calls -= 1;
          if (reply === undefined) fail(status.UNAVAILABLE, "the server is stopping; the request was not executed");
          else done(null, answer(reply, request));
        });
    };
  }

  /** Hands on what goes through the server, as far as `messageOf` makes something of it, until the caller leaves. */
  #tap<Request, Response>(
    call: ServerWritableStream<Request, Response>,
    messageOf: (event: Observed) => Response | undefined,
  ): void {
    const { taps } = this.#options;
    if (taps.size >= TAPS_MAX) {
      call.emit("error", { code: status.RESOURCE_EXHAUSTED, details: `${TAPS_MAX} look on already` });
      return;
    }
    const tap = taps.add((event) => {
      const message = messageOf(event);
      return message === undefined || call.write(message);
    });
    call.on("drain", () => tap.resume());
    call.on("cancelled", () => tap.close());
    call.on("close", () => tap.close());
    // From now on nothing is missed: the caller may rely on it.
    call.sendMetadata(call.metadata.clone());
  }
}
