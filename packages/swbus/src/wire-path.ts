import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type ServicePath as PathMessage, ServicePathSchema } from "./gen/swbus_pb.js";
import { ServicePath } from "./service-path.js";

export function pathFromMessage(message: PathMessage): ServicePath {
  return new ServicePath({
    region: message.regionId,
    cluster: message.clusterId,
    node: message.nodeId,
    serviceType: message.serviceType,
    serviceId: message.serviceId,
    resourceType: message.resourceType,
    resourceId: message.resourceId,
  });
}

export function pathToMessage(path: ServicePath): PathMessage {
  return create(ServicePathSchema, {
    regionId: path.region,
    clusterId: path.cluster,
    nodeId: path.node,
    serviceType: path.serviceType,
    serviceId: path.serviceId,
    resourceType: path.resourceType,
    resourceId: path.resourceId,
  });
}

/** The bytes of a path, computed once for each path object. */
export function encodePath(path: ServicePath): Uint8Array {
  let bytes = encoded.get(path);
  if (bytes === undefined) {
    bytes = toBinary(ServicePathSchema, pathToMessage(path));
    encoded.set(path, bytes);
  }
  return bytes;
}

const encoded = new WeakMap<ServicePath, Uint8Array>();

/** Paths that one process decodes repeatedly; beyond the bound it starts anew. */
const DECODED_PATHS_MAX = 8192;
/** Longer ones are decoded each time. */
const DECODED_BYTES_MAX = 512;

/** Decodes paths and hands out the same object for the same bytes, so that what a path computed is kept. */
export class PathDecoder {
  readonly #known = new Map<string, ServicePath>();

  /** `undefined` when the bytes are not a path. */
  decode(bytes: Uint8Array, from: number, to: number): ServicePath | undefined {
    if (to - from > DECODED_BYTES_MAX) return decodeAnew(bytes.subarray(from, to));
    const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const name = buffer.toString("latin1", from, to);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const path = decodeAnew(bytes.subarray(from, to));
    if (path === undefined) return undefined;
    if (this.#known.size >= DECODED_PATHS_MAX) this.#known.clear();
    this.#known.set(name, path);
    return path;
  }
}

function decodeAnew(bytes: Uint8Array): ServicePath | undefined {
  try {
    return pathFromMessage(fromBinary(ServicePathSchema, bytes));
  } catch {
    return undefined;
  }
}
