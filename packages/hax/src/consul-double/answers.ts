import { type Check, NODE_CHECK } from "./catalog.js";
import type { ConsulState, Session } from "./consul-state.js";
import type { StoredKey } from "./kv-store.js";

/** What a read gives: its JSON, and the index it carries. `undefined` is 404. */
export interface View {
  readonly body: unknown;
  readonly index: number;
}

export function keyView({ kv }: ConsulState, key: string, recurse: boolean): View {
  const found = recurse ? kv.list(key) : [kv.get(key)].filter((stored) => stored !== undefined);
  return { body: found.length === 0 ? undefined : found.map(keyRow), index: kv.indexOf(key, !recurse) };
}

export function keyRow(stored: StoredKey): unknown {
  const { key, value, flags, createIndex, modifyIndex, lockIndex, session } = stored;
  return {
    ...{ LockIndex: lockIndex, Key: key, Flags: flags, Value: value },
    ...(session !== undefined && { Session: session }),
    ...{ CreateIndex: createIndex, ModifyIndex: modifyIndex },
  };
}

export function catalogNodesView({ catalog }: ConsulState): View {
  const body = catalog.nodes().map(({ node, address }) => ({ Node: node, Address: address, Meta: {} }));
  return { body, index: catalog.indexOf("all") };
}

export function catalogServicesView({ catalog }: ConsulState): View {
  return {
    body: Object.fromEntries(catalog.services().map((name) => [name, []])),
    index: catalog.indexOf("all"),
  };
}

export function catalogServiceView({ catalog }: ConsulState, service: string): View {
  const body = catalog.instancesOf(service).map(({ node, id, name, address, port, meta }) => ({
    ...{ Node: node, Address: catalog.addressOf(node), ServiceID: id, ServiceName: name },
    ...{ ServiceAddress: address, ServicePort: port, ServiceMeta: meta, ServiceTags: [] },
  }));
  return { body, index: catalog.indexOf("service", service) };
}

/** An instance with the checks of its node and its own. */
export function serviceHealthView({ catalog }: ConsulState, service: string): View {
  const body = catalog.instancesOf(service).map(({ node, id, name, address, port, meta }) => ({
    Node: { Node: node, Address: catalog.addressOf(node) },
    Service: { ID: id, Service: name, Address: address, Port: port, Meta: meta, Tags: [] },
    Checks: catalog
      .checksOf(node)
      .filter(({ serviceId }) => serviceId === "" || serviceId === id)
      .map(checkRow),
  }));
  return { body, index: catalog.indexOf("service", service) };
}

export function nodeHealthView({ catalog }: ConsulState, node: string): View {
  return { body: catalog.checksOf(node).map(checkRow), index: catalog.indexOf("node", node) };
}

export function membersBody({ catalog }: ConsulState): unknown {
  return catalog.nodes().map(({ node, address }) => {
    const alive = catalog.check(node, NODE_CHECK)?.status === "passing";
    return { Name: node, Addr: address, Port: 8301, Status: alive ? 1 : 4 };
  });
}

export function sessionView(state: ConsulState, id: string): View {
  const session = state.session(id);
  return { body: session === undefined ? [] : [sessionRow(session)], index: state.index };
}

export function sessionRow({ id, name, node, checks, lockDelay, behavior, ttl, createIndex }: Session): unknown {
  return {
    ...{ ID: id, Name: name, Node: node, Checks: checks, LockDelay: lockDelay * 1e6, Behavior: behavior },
    ...{ TTL: ttl === undefined ? "" : `${ttl}ms`, CreateIndex: createIndex, ModifyIndex: createIndex },
  };
}

function checkRow({ node, checkId, name, status, output, serviceId, serviceName }: Check): unknown {
  return {
    ...{ Node: node, CheckID: checkId, Name: name, Status: status, Output: output },
    ...{ ServiceID: serviceId, ServiceName: serviceName },
  };
}
