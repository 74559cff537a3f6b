import type { Json } from "@tandem/base";
import { renderColumns } from "./columns.js";

type Fields = { readonly [name: string]: Json };

const fieldsOf = (value: Json | undefined): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const rowsOf = (value: Json | undefined): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const text = (value: Json | undefined): string =>
  value === null || value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);

/** What `/v1/state` of a hax says. */
export function renderHaxState(state: Json): string {
  const { node, consul, leader, processes, links, queues, events } = fieldsOf(state);
  const { lasts_ms, because } = fieldsOf(consul);
  const { rm, endpoint, none } = fieldsOf(leader);
  const away =
    lasts_ms === undefined ? text(consul) : `away for ${Math.round(Number(lasts_ms) / 1000)} s: ${text(because)}`;
  const queue = Object.entries(fieldsOf(queues)).map(([name, value]) => `${name} ${text(value)}`);
  const processRows = rowsOf(processes).map((row) => [
    ...[text(row.fid), text(row.node), text(row.state), text(row.checks)],
    text(row.stored).replace("M0_CONF_HA_PROCESS_", ""),
  ]);
  const linkRows = rowsOf(links).map((row) => [
    ...[text(row.process), text(row.endpoint), text(row.state), text(row.queued), text(row.unacknowledged)],
  ]);
  return [
    `node     ${text(node)}`,
    `Consul   ${away}`,
    `leader   ${none === undefined ? `RM ${text(rm)} at ${text(endpoint)}` : `none: ${text(none)}`}`,
    `queues   ${queue.join(", ")}`,
    "",
    renderColumns({ columns: ["process", "node", "state", "checks", "stored"], rows: processRows }),
    renderColumns({ columns: ["link of", "endpoint", "state", "queued", "unacknowledged"], rows: linkRows }),
    ...rowsOf(events)
      .slice(-20)
      .map((event) => `${text(event.at)} ${text(event.text)}`),
    "",
  ].join("\n");
}

/** What `/v1/why` of a hax says. */
export function renderHaxWhy(why: Json): string {
  const { fid, state, because, evidence } = fieldsOf(why);
  return [
    `${text(fid)} is ${state === null ? "not known" : text(state)}: ${text(because)}`,
    ...rowsOf(evidence).map(({ fact }) => `  ${text(fact)}`),
    "",
  ].join("\n");
}
