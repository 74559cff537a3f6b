import type { FieldValues } from "@tandem/swss";
import { formatObjectId } from "../object-id.js";
import { idsInKey, idsInValue, isEntryType, type ObjectKey } from "../object-key.js";
import { attributeOf, objectTypeOf } from "../sai/catalogue.js";
import { faultOfCreate, faultOfSet } from "../sai/check.js";
import { objectTypeNumber } from "../sai/object-types.js";
import { attributeStatus, STATUS } from "../status.js";
import { zeroOf } from "../value/kind.js";
import { countOnly, formatList, listCount, listItems } from "../value/list.js";
import { ASIC_SHAPE_DEFAULT, type AsicShape, bootObjects, makePartsOfPort, REMOVABLE_INTERNALS } from "./boot.js";
import type { AsicCall, AsicCause, AsicEvent, CallOutcome } from "./call.js";
import { Objects, type Stored } from "./objects.js";

/** Objects that fit; a create beyond them is refused with SAI_STATUS_INSUFFICIENT_RESOURCES. */
const OBJECTS_MAX = 1_000_000;

/** Labels whose creations are counted; the one counted first is forgotten. */
const LABELS_MAX = 262_144;

/** Events that wait to be told; the oldest go. */
const EVENTS_MAX = 10_000;

const SWITCH = "SAI_OBJECT_TYPE_SWITCH";
const PORT = "SAI_OBJECT_TYPE_PORT";
const FDB = "SAI_OBJECT_TYPE_FDB_ENTRY";
const DONE: CallOutcome = { status: STATUS.success };

/**
 * A switch chip in memory: objects, their attributes, who names whom, statistics, and events. It keeps no names of
 * others: ids are its own (RIDs).
 */
export class AsicCore {
  readonly #shape: AsicShape;
  readonly #objectsMax: number;
  readonly #objects = new Objects();
  readonly #created = new Map<string, number>();
  #events: AsicEvent[] = [];
  #next = 1n;

  constructor(shape: AsicShape = ASIC_SHAPE_DEFAULT, objectsMax = OBJECTS_MAX) {
    this.#shape = shape;
    this.#objectsMax = objectsMax;
  }

  call(call: AsicCall): CallOutcome {
    switch (call.call) {
      case "create":
        return this.#create(call.type, call.id, call.attributes, call.label);
      case "remove":
        return this.#remove(call);
      case "set":
        return this.#set(call, call.name, call.value);
      case "get":
        return this.#get(call, call.fields);
      case "stats":
        return this.#stats(call, call.names, call.clear);
      case "flush":
        return this.#flush(call.filters);
      case "availability":
        return { ...DONE, fields: [["OBJECT_COUNT", String(Math.max(0, this.#objectsMax - this.#objects.size))]] };
      case "all":
        return { ...DONE, all: call.calls.map((each) => this.call(each)) };
      case "dump":
        return {
          ...DONE,
          objects: page(this.#objects.all(), call.from ?? 0, call.max ?? Number.POSITIVE_INFINITY).map(
            ({ type, id, given, internal }) => ({
              ...{ type, id, attributes: [...given], internal },
            }),
          ),
        };
      case "counts":
        return { ...DONE, counts: call.labels.map((label) => this.#created.get(label) ?? 0) };
      case "reset":
        this.#objects.clear();
        this.#events = [];
        return DONE;
      case "raise":
        return this.#raise(call.cause);
    }
  }

  /** What happened since it was asked last, oldest first. */
  takeEvents(): readonly AsicEvent[] {
    return this.#events.splice(0);
  }

  #create(type: string, id: string | undefined, attributes: FieldValues, label: string): CallOutcome {
    const fault = faultOfCreate(type, attributes) ?? this.#unknownIds(type, id, attributes);
    if (fault !== undefined) return { status: fault };
    if (isEntryType(type) !== (id !== undefined)) return { status: STATUS.invalidObjectId };
    if (id !== undefined && this.#objects.get(type, id) !== undefined) return { status: STATUS.alreadyExists };
    if (this.#isTaken(type, attributes)) return { status: STATUS.alreadyExists };
    if (this.#objects.size >= this.#objectsMax) return { status: STATUS.insufficientResources };
    const object = this.#store(type, id ?? this.#newId(type), { given: new Map(attributes) });
    if (type === SWITCH) {
      for (const [name, value] of Object.entries(bootObjects(this.#make, this.#shape))) object.own.set(name, value);
    }
    if (type === PORT) makePartsOfPort(this.#make, this.#shape, object.id);
    this.#count(label);
    if (type === PORT && object.given.get("SAI_PORT_ATTR_ADMIN_STATE") === "true") this.#link(object, true);
    return { ...DONE, id: object.id };
  }

  #remove(key: ObjectKey): CallOutcome {
    const object = this.#objects.get(key.type, key.id);
    if (object === undefined) return { status: STATUS.notFound };
    if (object.type === SWITCH) {
      this.#objects.clear();
      return DONE;
    }
    if (object.internal && (!REMOVABLE_INTERNALS.has(object.type) || this.#isNamedBySwitch(object.id)))
      return { status: STATUS.notSupported };
    const parts = object.type === PORT ? [...this.#objects.all()].filter(({ owner }) => owner === object.id) : [];
    if ([object, ...parts].some(({ id }) => this.#objects.uses(id) > 0)) return { status: STATUS.inUse };
    for (const part of parts) this.#objects.delete(part);
    this.#objects.delete(object);
    return DONE;
  }

  #set(key: ObjectKey, name: string, value: string): CallOutcome {
    const object = this.#objects.get(key.type, key.id);
    if (object === undefined) return { status: STATUS.notFound };
    const fault = faultOfSet(key.type, name, value) ?? this.#unknownIds(key.type, undefined, [[name, value]]);
    if (fault !== undefined) return { status: fault };
    const before = object.given.get(name);
    this.#objects.give(object, name, value);
    if (name === "SAI_PORT_ATTR_ADMIN_STATE" && before !== value) this.#link(object, value === "true");
    return DONE;
  }

  #get(key: ObjectKey, fields: FieldValues): CallOutcome {
    const object = this.#objects.get(key.type, key.id);
    if (object === undefined) return { status: STATUS.notFound };
    const values: [string, string][] = [];
    for (const [at, [name]] of fields.entries()) {
      if (attributeOf(key.type, name) === undefined) return { status: attributeStatus("unknown", at) };
      values.push([name, this.#valueOf(object, name)]);
    }
    if (!values.some(([name, value], i) => isTooLong(key.type, name, value, (fields[i] as readonly string[])[1] ?? "")))
      return { ...DONE, fields: values };
    const counts = values.map(([name, value]) => [name, isList(key.type, name) ? countOnly(value) : value] as const);
    return { status: STATUS.bufferOverflow, fields: counts };
  }

  #valueOf(object: Stored, name: string): string {
    const attribute = attributeOf(object.type, name);
    const known = object.given.get(name) ?? object.own.get(name);
    if (known !== undefined || attribute === undefined) return known ?? "";
    if (attribute.members === undefined) return attribute.value ?? zeroOf(attribute.kind);
    const { type, by, as } = attribute.members;
    const ids = [...this.#objects.ofType(type)]
      .filter((member) => (by === "" ? !this.#isNamedBySwitch(member.id) : this.#valueOf(member, by) === object.id))
      .map(({ id }) => id);
    return as === "count" ? String(ids.length) : formatList(ids);
  }

  #stats(key: ObjectKey, names: readonly string[], clear: boolean): CallOutcome {
    const object = this.#objects.get(key.type, key.id);
    if (object === undefined) return { status: STATUS.invalidObjectId };
    const known = objectTypeOf(key.type)?.stats ?? [];
    if (!names.every((name) => known.includes(name))) return { status: STATUS.notSupported };
    const fields = names.map((name) => [name, String(object.stats.get(name) ?? 0n)] as const);
    if (clear) for (const name of names) object.stats.delete(name);
    return { ...DONE, fields: clear ? [] : fields };
  }

  #flush(filters: FieldValues): CallOutcome {
    const wanted = new Map(filters);
    for (const [at, [name]] of filters.entries()) {
      if (attributeOf("SAI_OBJECT_TYPE_FDB_FLUSH", name) === undefined)
        return { status: attributeStatus("unknown", at) };
    }
    const bridgePort = wanted.get("SAI_FDB_FLUSH_ATTR_BRIDGE_PORT_ID");
    const bvid = wanted.get("SAI_FDB_FLUSH_ATTR_BV_ID");
    const type = wanted.get("SAI_FDB_FLUSH_ATTR_ENTRY_TYPE") ?? "SAI_FDB_FLUSH_ENTRY_TYPE_DYNAMIC";
    const entryType = type.replace("SAI_FDB_FLUSH_ENTRY_TYPE_", "SAI_FDB_ENTRY_TYPE_");
    const gone = [...this.#objects.ofType(FDB)].filter(
      (entry) =>
        (bridgePort === undefined || entry.given.get("SAI_FDB_ENTRY_ATTR_BRIDGE_PORT_ID") === bridgePort) &&
        (bvid === undefined || (JSON.parse(entry.id) as { bvid: string }).bvid === bvid) &&
        (type.endsWith("_ALL") || entry.given.get("SAI_FDB_ENTRY_ATTR_TYPE") === entryType),
    );
    for (const entry of gone) this.#objects.delete(entry);
    return { ...DONE, gone: gone.map(({ id }) => id) };
  }

  #raise(cause: AsicCause): CallOutcome {
    if (cause.kind === "other") {
      this.#tell(cause.name, cause.data);
      return DONE;
    }
    if (cause.kind === "learn") {
      const attributes: FieldValues = [
        ["SAI_FDB_ENTRY_ATTR_TYPE", "SAI_FDB_ENTRY_TYPE_DYNAMIC"],
        ["SAI_FDB_ENTRY_ATTR_BRIDGE_PORT_ID", cause.bridgePort],
      ];
      const made = this.#create(FDB, cause.entry, attributes, "");
      if (made.status === STATUS.success) this.#tellFdb(cause.entry, "LEARNED", attributes);
      return made;
    }
    if (cause.kind === "age") {
      const gone = this.#remove({ type: FDB, id: cause.entry });
      if (gone.status === STATUS.success) this.#tellFdb(cause.entry, "AGED", []);
      return gone;
    }
    const object =
      cause.kind === "link" ? this.#objects.get(PORT, cause.port) : this.#objects.get(cause.type, cause.id);
    if (object === undefined) return { status: STATUS.notFound };
    if (cause.kind === "link") this.#link(object, cause.up);
    else object.stats.set(cause.name, (object.stats.get(cause.name) ?? 0n) + BigInt(cause.by));
    return DONE;
  }

  #link(port: Stored, up: boolean): void {
    const state = up ? "SAI_PORT_OPER_STATUS_UP" : "SAI_PORT_OPER_STATUS_DOWN";
    if ((port.own.get("SAI_PORT_ATTR_OPER_STATUS") ?? "SAI_PORT_OPER_STATUS_DOWN") === state) return;
    port.own.set("SAI_PORT_ATTR_OPER_STATUS", state);
    const told = { port_error_status: "SAI_PORT_ERROR_STATUS_CLEAR", port_id: port.id, port_state: state };
    this.#tell("port_state_change", JSON.stringify([told]));
  }

  #tellFdb(entry: string, event: string, attributes: FieldValues): void {
    const list = attributes.map(([id, value]) => ({ id, value }));
    this.#tell("fdb_event", JSON.stringify([{ fdb_entry: entry, fdb_event: `SAI_FDB_EVENT_${event}`, list }]));
  }

  #tell(name: string, data: string): void {
    if (this.#events.length >= EVENTS_MAX) this.#events.shift();
    this.#events.push({ name, data });
  }

  /** Ids that name nothing: an attribute's value that cannot be, or an entry of nowhere. */
  #unknownIds(type: string, id: string | undefined, attributes: FieldValues): string | undefined {
    if (id !== undefined && idsInKey({ type, id }).some((oid) => this.#objects.withId(oid) === undefined))
      return STATUS.invalidObjectId;
    const at = attributes.findIndex(([, value]) =>
      idsInValue(value).some((oid) => this.#objects.withId(oid) === undefined),
    );
    return at < 0 ? undefined : attributeStatus("value", at);
  }

  /** What there can be only one of. */
  #isTaken(type: string, attributes: FieldValues): boolean {
    if (type === SWITCH) return [...this.#objects.ofType(SWITCH)].length > 0;
    if (type === "SAI_OBJECT_TYPE_VLAN") {
      const id = new Map(attributes).get("SAI_VLAN_ATTR_VLAN_ID");
      return [...this.#objects.ofType(type)].some((vlan) => this.#valueOf(vlan, "SAI_VLAN_ATTR_VLAN_ID") === id);
    }
    if (type !== PORT) return false;
    const lanes = new Set(listItems(new Map(attributes).get("SAI_PORT_ATTR_HW_LANE_LIST") ?? ""));
    return [...this.#objects.ofType(PORT)].some((port) =>
      listItems(this.#valueOf(port, "SAI_PORT_ATTR_HW_LANE_LIST")).some((lane) => lanes.has(lane)),
    );
  }

  #isNamedBySwitch(id: string): boolean {
    return [...this.#objects.ofType(SWITCH)].some(({ own }) => [...own.values()].includes(id));
  }

  readonly #make = (type: string, own: Readonly<Record<string, string>>, owner?: string): string =>
    this.#store(type, this.#newId(type), { own: new Map(Object.entries(own)), internal: true, owner }).id;

  #store(type: string, id: string, parts: Partial<Omit<Stored, "type" | "id" | "stats">>): Stored {
    const { given = new Map(), own = new Map(), internal = false, owner } = parts;
    const object: Stored = { type, id, given, own, internal, owner, stats: new Map() };
    this.#objects.add(object);
    return object;
  }

  #newId(type: string): string {
    const number = objectTypeNumber(type) ?? UNNUMBERED;
    return formatObjectId({ switchIndex: MARK, type: number, extension: false, context: 0, index: this.#next++ });
  }

  #count(label: string): void {
    if (label === "") return;
    if (this.#created.size >= LABELS_MAX && !this.#created.has(label)) {
      for (const oldest of this.#created.keys()) {
        this.#created.delete(oldest);
        break;
      }
    }
    this.#created.set(label, (this.#created.get(label) ?? 0) + 1);
  }
}

function page<T>(items: Iterable<T>, from: number, max: number): readonly T[] {
  const taken: T[] = [];
  let at = 0;
  for (const item of items) {
    if (taken.length >= max) break;
    if (at >= from) taken.push(item);
    at += 1;
  }
  return taken;
}

/** RIDs begin with this byte, so that nobody takes one for a VID. */
const MARK = 0xaa;

/** In RIDs of types whose number differs between SAI releases. */
const UNNUMBERED = 0xff;

/** A list that does not fit the buffer it was asked into; a buffer that says no count takes any. */
function isTooLong(type: string, name: string, value: string, buffer: string): boolean {
  if (!isList(type, name)) return false;
  const room = listCount(buffer);
  return room !== undefined && (listCount(value) ?? 0) > room;
}

function isList(type: string, name: string): boolean {
  const kind = attributeOf(type, name)?.kind.kind;
  return kind === "list" || kind === "jsonList";
}
