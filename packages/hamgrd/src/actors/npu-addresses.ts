import type { Inputs } from "@tandem/actor";
import { LoopbackInterface } from "../schema/loopback-interface.js";

export interface NpuAddresses {
  readonly v4?: string;
  readonly v6?: string;
}

/** Addresses of Loopback0; of several in one family the last in key order. */
export function npuAddresses(inputs: Inputs<unknown>): NpuAddresses {
  return addressesOf(inputs.all(LoopbackInterface).keys());
}

/** As `npuAddresses`, from row keys. */
export function addressesOf(keys: Iterable<string>): NpuAddresses {
  let addresses: NpuAddresses = {};
  for (const key of keys) {
    const address = /^Loopback0\|([^/|]+)(?:\/\d+)?$/.exec(key)?.[1];
    if (address === undefined) continue;
    addresses = address.includes(":") ? { ...addresses, v6: address } : { ...addresses, v4: address };
  }
  return addresses;
}
