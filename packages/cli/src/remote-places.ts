import type { TableRow } from "./render/rows.js";

/** A DPU of another switch, as `REMOTE_DPU` names it. */
export interface RemotePlace {
  readonly dpu: string;
  /** Address of its switch. */
  readonly npu: string;
  /** Where our swbusd dials that of its slot. */
  readonly endpoint: string;
}

/** Remote DPUs with an address and a port, in the order of their names. */
export function remotePlaces(remoteDpus: readonly TableRow[]): readonly RemotePlace[] {
  return remoteDpus
    .flatMap(({ key, fields }) => {
      const { npu_ipv4: v4, npu_ipv6: v6, swbus_port: port } = fields;
      const npu = v4 || v6;
      if (!npu || !port) return [];
      return [{ dpu: key.join("|"), npu, endpoint: v4 ? `${v4}:${port}` : `[${npu}]:${port}` }];
    })
    .sort((a, b) => a.dpu.localeCompare(b.dpu, "en", { numeric: true }));
}
