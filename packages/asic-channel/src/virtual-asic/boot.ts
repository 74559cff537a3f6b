import { formatList } from "../value/list.js";

/** How large a virtual switch is. */
export interface AsicShape {
  readonly ports: number;
  readonly lanesPerPort: number;
  readonly queuesPerPort: number;
  readonly priorityGroupsPerPort: number;
}

export const ASIC_SHAPE_DEFAULT: AsicShape = { ports: 32, lanesPerPort: 4, queuesPerPort: 8, priorityGroupsPerPort: 8 };

/** Makes one object of the switch's own; `owner` is the port that it goes with. Gives its RID. */
export type MakeInternal = (type: string, own: Readonly<Record<string, string>>, owner?: string) => string;

/** A port and what comes with it: queues, priority groups, a scheduler group. Gives its RID. */
export function makePort(make: MakeInternal, shape: AsicShape, lanes: readonly number[], type: string): string {
  const port = make("SAI_OBJECT_TYPE_PORT", {
    SAI_PORT_ATTR_HW_LANE_LIST: formatList(lanes.map(String)),
    SAI_PORT_ATTR_SPEED: "100000",
    SAI_PORT_ATTR_TYPE: type,
  });
  makePartsOfPort(make, shape, port);
  return port;
}

export function makePartsOfPort(make: MakeInternal, shape: AsicShape, port: string): void {
  for (let index = 0; index < shape.queuesPerPort; index++) {
    make(
      "SAI_OBJECT_TYPE_QUEUE",
      {
        SAI_QUEUE_ATTR_TYPE: "SAI_QUEUE_TYPE_UNICAST",
        SAI_QUEUE_ATTR_PORT: port,
        SAI_QUEUE_ATTR_INDEX: String(index),
      },
      port,
    );
  }
  for (let index = 0; index < shape.priorityGroupsPerPort; index++) {
    make(
      "SAI_OBJECT_TYPE_INGRESS_PRIORITY_GROUP",
      { SAI_INGRESS_PRIORITY_GROUP_ATTR_PORT: port, SAI_INGRESS_PRIORITY_GROUP_ATTR_INDEX: String(index) },
      port,
    );
  }
  make(
    "SAI_OBJECT_TYPE_SCHEDULER_GROUP",
    {
      SAI_SCHEDULER_GROUP_ATTR_PORT_ID: port,
      SAI_SCHEDULER_GROUP_ATTR_LEVEL: "0",
      SAI_SCHEDULER_GROUP_ATTR_MAX_CHILDS: "8",
    },
    port,
  );
}

/** What a switch makes with itself, but for itself. Gives the read-only attributes that name it. */
export function bootObjects(make: MakeInternal, shape: AsicShape): Readonly<Record<string, string>> {
  const cpu = make("SAI_OBJECT_TYPE_PORT", {
    SAI_PORT_ATTR_HW_LANE_LIST: "0:null",
    SAI_PORT_ATTR_TYPE: "SAI_PORT_TYPE_CPU",
    SAI_PORT_ATTR_SPEED: "0",
  });
  makePartsOfPort(make, shape, cpu);
  const router = make("SAI_OBJECT_TYPE_VIRTUAL_ROUTER", {});
  const tree = make("SAI_OBJECT_TYPE_STP", {});
  const vlan = make("SAI_OBJECT_TYPE_VLAN", { SAI_VLAN_ATTR_VLAN_ID: "1", SAI_VLAN_ATTR_STP_INSTANCE: tree });
  const bridge = make("SAI_OBJECT_TYPE_BRIDGE", { SAI_BRIDGE_ATTR_TYPE: "SAI_BRIDGE_TYPE_1Q" });
  const traps = make("SAI_OBJECT_TYPE_HOSTIF_TRAP_GROUP", {});
  const ecmp = make("SAI_OBJECT_TYPE_HASH", {});
  const lag = make("SAI_OBJECT_TYPE_HASH", {});
  for (let n = 0; n < shape.ports; n++) {
    const lanes = Array.from({ length: shape.lanesPerPort }, (_, lane) => n * shape.lanesPerPort + lane + 1);
    const port = makePort(make, shape, lanes, "SAI_PORT_TYPE_LOGICAL");
    const bridgePort = make("SAI_OBJECT_TYPE_BRIDGE_PORT", {
      SAI_BRIDGE_PORT_ATTR_TYPE: "SAI_BRIDGE_PORT_TYPE_PORT",
      SAI_BRIDGE_PORT_ATTR_PORT_ID: port,
      SAI_BRIDGE_PORT_ATTR_BRIDGE_ID: bridge,
    });
    make("SAI_OBJECT_TYPE_VLAN_MEMBER", {
      SAI_VLAN_MEMBER_ATTR_VLAN_ID: vlan,
      SAI_VLAN_MEMBER_ATTR_BRIDGE_PORT_ID: bridgePort,
    });
  }
  return {
    SAI_SWITCH_ATTR_CPU_PORT: cpu,
    SAI_SWITCH_ATTR_DEFAULT_VIRTUAL_ROUTER_ID: router,
    SAI_SWITCH_ATTR_DEFAULT_STP_INST_ID: tree,
    SAI_SWITCH_ATTR_DEFAULT_VLAN_ID: vlan,
    SAI_SWITCH_ATTR_DEFAULT_1Q_BRIDGE_ID: bridge,
    SAI_SWITCH_ATTR_DEFAULT_TRAP_GROUP: traps,
    SAI_SWITCH_ATTR_ECMP_HASH: ecmp,
    SAI_SWITCH_ATTR_LAG_HASH: lag,
  };
}

/** Types of which a switch's own objects may be removed: upstream's orchestration removes them at its start. */
export const REMOVABLE_INTERNALS: ReadonlySet<string> = new Set([
  "SAI_OBJECT_TYPE_PORT",
  "SAI_OBJECT_TYPE_BRIDGE_PORT",
  "SAI_OBJECT_TYPE_VLAN_MEMBER",
]);
