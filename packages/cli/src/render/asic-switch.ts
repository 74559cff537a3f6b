import type { ChannelState, Moved, Owner } from "@tandem/asic-channel";

/** `took`: milliseconds from the wish on. */
export function renderMoved({ from, to, generation, waited }: Moved, took: number): string {
  if (waited === undefined) return `the channel is on ${to} already; nothing was moved\n`;
  const held = waited === 0 ? "less than 1 ms" : `${waited} ms`;
  return `moved from ${from} to ${to} in ${(took / 1000).toFixed(1)} s (move ${generation}); requests were held for ${held}\n`;
}

/** Which transport a channel is on, and who uses it. */
export function renderChannel({ mark, client, syncd }: ChannelState, db: string): string {
  const { transport, generation, serves, wish } = mark;
  const moves = generation === 0 ? "never moved" : `after ${generation === 1 ? "1 move" : `${generation} moves`}`;
  const rows: (readonly [string, string])[] = [
    [
      "transport",
      transport === undefined ? "none yet: no client that can be moved was there" : `${transport}, ${moves}`,
    ],
    ["client", ownerText(client)],
    ["syncd", syncd === undefined ? "none" : `${ownerText(syncd)}, serves ${serves.join(", ")}`],
    ...(wish === undefined ? [] : ([["wish", `${wish.to}, by ${wish.by}`]] as const)),
  ];
  const lines = rows.map(([name, what]) => `  ${name.padEnd(11)}${what}`);
  return `${db}\n${lines.join("\n")}\n`;
}

function ownerText(owner: Owner | undefined): string {
  return owner === undefined ? "none" : `${owner.name} on ${owner.host}, process ${owner.pid}`;
}
