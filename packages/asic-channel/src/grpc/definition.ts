import { create, type DescService, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { MethodDefinition, ServiceDefinition } from "@grpc/grpc-js";

/** A service in the words of grpc-js. `name` stands in the paths of its methods in place of the service's own. */
export function definitionOf(service: DescService, name: string = service.typeName): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map(({ name: method, localName, methodKind, input, output }) => {
      const definition: MethodDefinition<Message, Message> = {
        path: `/${name}/${method}`,
        requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
        responseStream: methodKind === "server_streaming" || methodKind === "bidi_streaming",
        // Callers may give the members alone.
        requestSerialize: (message) => Buffer.from(toBinary(input, create(input, message))),
        requestDeserialize: (bytes) => fromBinary(input, bytes),
        responseSerialize: (message) => Buffer.from(toBinary(output, message)),
        responseDeserialize: (bytes) => fromBinary(output, bytes),
      };
      return [localName, definition];
    }),
  );
}
