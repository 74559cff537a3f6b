/** Who writes BFD rows, and to whom: the dpu actor to every switch of the cluster, or the ha-set actor to its pair. */
export type BfdMode = "cluster" | "ha-set";
/** Who writes VNET routes: every switch for every pair, or only the switches that host one of its DPUs. */
export type VnetMode = "all-switches" | "participants";

/** What differs between one hamgrd and another beside their databases. docs/configuration.md. */
export interface HamgrdSettings {
  /** The DPU slot that this hamgrd manages. */
  readonly slot: number;
  readonly bfdMode: BfdMode;
  readonly vnetMode: VnetMode;
  /** A DPU counts as up only while some NPU's BFD session to it is up, as early upstream had it. */
  readonly upNeedsBfd: boolean;
  /** BFD rows for IPv6 peers as well. */
  readonly bfdIpv6: boolean;
  /** After a DPU's restart it gets all its rows again at once; otherwise only what the SDN controller writes anew. */
  readonly restoreOnRise: boolean;
}

export const SETTINGS_DEFAULT: Omit<HamgrdSettings, "slot"> = {
  bfdMode: "cluster",
  vnetMode: "all-switches",
  upNeedsBfd: false,
  bfdIpv6: false,
  restoreOnRise: true,
};
