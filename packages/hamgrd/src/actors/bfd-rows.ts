import { type StandingRow, standingRow } from "@tandem/actor";
import { DpuBfdSession } from "../schema/bfd-session.js";
import type { DashHaGlobalConfigRow } from "../schema/dash-ha-global-config.js";

/** Addresses as text, each once, sorted as text. */
export function distinct(addresses: Iterable<string | undefined>): readonly string[] {
  const found = new Set<string>();
  for (const address of addresses) if (address !== undefined && address !== "") found.add(address);
  return [...found].sort();
}

/** Passive sessions from `local` to each peer. */
export function bfdRows(
  config: DashHaGlobalConfigRow,
  local: string,
  peers: readonly string[],
): readonly StandingRow[] {
  const { dpu_bfd_probe_interval_in_ms: interval, dpu_bfd_probe_multiplier: multiplier } = config;
  return peers.map((peer) =>
    standingRow(
      DpuBfdSession,
      { vrf: "default", interface: "default", peer_ip: peer },
      {
        ...(interval !== undefined && { tx_interval: interval, rx_interval: interval }),
        ...(multiplier !== undefined && { multiplier }),
        multihop: true,
        shutdown: false,
        local_addr: local,
        type: "passive",
      },
    ),
  );
}
