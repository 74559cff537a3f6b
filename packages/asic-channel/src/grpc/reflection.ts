import { create, type DescFile, type DescService, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { GrpcStatus } from "@tandem/wire";
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from "../gen/reflection_pb.js";

/** gRPC's NOT_FOUND. */
const NOT_FOUND = 5;

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>["messageResponse"]>;

/** What a server answers to those who ask what it can do. */
export class Reflection {
  readonly #services: readonly DescService[];
  readonly #files = new Map<string, DescFile>();

  constructor(services: readonly DescService[]) {
    this.#services = services;
    for (const { file } of services) this.#add(file);
  }

  answer(request: ServerReflectionRequest): ServerReflectionResponse {
    return create(ServerReflectionResponseSchema, {
      ...{ validHost: request.host, originalRequest: request },
      messageResponse: this.#answerTo(request.messageRequest),
    });
  }

  #answerTo(asked: ServerReflectionRequest["messageRequest"]): Answer {
    switch (asked.case) {
      case "listServices":
        return {
          case: "listServicesResponse",
          value: { service: this.#services.map(({ typeName: name }) => ({ name })) },
        };
      case "fileByFilename":
        return this.#describe(asked.value, this.#files.get(asked.value));
      case "fileContainingSymbol":
        return this.#describe(asked.value, this.#fileOf(asked.value));
      case "fileContainingExtension":
      case "allExtensionNumbersOfType":
        return failure(NOT_FOUND, "there are no extensions here");
      default:
        return failure(GrpcStatus.unimplemented, "this question is not known here");
    }
  }

  #describe(asked: string, file: DescFile | undefined): Answer {
    if (file === undefined) return failure(NOT_FOUND, `${asked} is not known here`);
    return { case: "fileDescriptorResponse", value: { fileDescriptorProto: withDependencies(file) } };
  }

  #add(file: DescFile): void {
    this.#files.set(`${file.name}.proto`, file);
    for (const dependency of file.dependencies) this.#add(dependency);
  }

  #fileOf(symbol: string): DescFile | undefined {
    for (const file of this.#files.values()) {
      const named = [...file.messages, ...file.enums, ...file.services];
      // Methods and fields begin with the name of what they stand in.
      if (named.some(({ typeName }) => symbol === typeName || symbol.startsWith(`${typeName}.`))) return file;
    }
    return undefined;
  }
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}

function withDependencies(file: DescFile): Uint8Array[] {
  return [toBinary(FileDescriptorProtoSchema, file.proto), ...file.dependencies.flatMap(withDependencies)];
}
