import { DAEMON_KINDS, type DaemonKind, daemonOf, REDIS_TROUBLES } from "../../cluster/cluster-host.js";
import { WATCHED } from "../../cluster/observer.js";
import { powerOffSwitch, powerOnSwitch } from "../../cluster/switch-power.js";
import type { Wipe } from "../../dpu/wipe.js";
import { PLANES } from "../../pmon/planes.js";
import type { DpuPlace, SwitchPlace } from "../../topology.js";
import { deleteRow, flushDatabases, leaveAsUpstream, writeStaleRows } from "../database-faults.js";
import type { StoryCommand } from "../story-command.js";
import { STORY_LIMIT } from "../story-stage.js";
import { expected, type StoryWords } from "../story-words.js";

/** A process of the cluster: a Redis by its owner, a daemon by a DPU that it serves. */
type Victim =
  | { readonly kind: "redis"; readonly owner: SwitchPlace | DpuPlace }
  | { readonly kind: DaemonKind; readonly dpu: DpuPlace };

function victim(words: StoryWords): Victim {
  const kind = words.oneOf(["redis", ...DAEMON_KINDS]);
  return kind === "redis" ? { kind, owner: words.owner() } : { kind, dpu: words.dpu() };
}

/** Tables of APPL_DB that an SDN controller or hamgrd writes. */
const APPL_TABLES = WATCHED.switch.flatMap(([db, table]) => (db === "APPL_DB" ? [table] : []));

const WIPES: readonly Wipe[] = ["keys", "flush", "none"];

/** What breaks, and what is mended. */
export const FAULT_COMMANDS: readonly StoryCommand[] = [
  {
    name: "power",
    takes: "DPU off | DPU on [wipe=keys|flush|none]",
    does: "a DPU loses power, or boots; booting deletes its database rows key by key (keys, the default), by FLUSHDB (flush), or not at all (none)",
    read: (words) => {
      const place = words.dpu();
      if (words.oneOf(["off", "on"]) === "off") {
        return (stage, { command }) => stage.done(command, stage.cluster.devices.dpu(place).powerOff());
      }
      const wipe = words.option("wipe", WIPES, "keys");
      return (stage, { command }) => stage.done(command, stage.cluster.devices.dpu(place).powerOn(wipe));
    },
  },
  {
    name: "planes",
    takes: "DPU midplane_link|control_plane|data_plane=up|down…",
    does: "pmon sees planes of a DPU up or down, whatever they are",
    read: (words) => {
      const place = words.dpu();
      const wanted = words.options("e.g. control_plane=down").map(([name, state]) => {
        const plane = PLANES.find((candidate) => candidate === name);
        if (plane === undefined) throw expected(name, PLANES.join(" or "));
        if (state !== "up" && state !== "down") throw expected(`${name}=${state}`, "up or down");
        return { plane, up: state === "up" };
      });
      return (stage, { command }) => {
        const pmon = stage.cluster.pmon(place);
        for (const { plane, up } of wanted) pmon.setPlane(stage.cluster.devices.dpu(place), plane, up, "story");
        return stage.done(command, pmon.idle());
      };
    },
  },
  {
    name: "bfd",
    takes: "DPU lost|back",
    does: "the probes of every switch to a DPU are lost, or pass again; waits until the sessions are down or up",
    read: (words) => {
      const place = words.dpu();
      const lost = words.oneOf(["lost", "back"]) === "lost";
      return async ({ cluster }, { command }) => {
        const { bfd } = cluster.devices;
        for (const sw of cluster.topology.switches) bfd.setLost(sw.name, place.name, lost);
        const wanted = lost ? 0 : cluster.topology.switches.length;
        const asWanted = (): boolean => bfd.upSessions(cluster.devices.dpu(place)).length === wanted;
        await cluster.until(command, asWanted, STORY_LIMIT);
        return [];
      };
    },
  },
  {
    name: "link",
    takes: "SWITCH SWITCH cut|heal",
    does: "bus, probes and data-plane channels between two switches: nothing passes and nothing is closed, or all passes again; in the lab with at most 16 DPUs",
    read: (words) => {
      const [a, b] = [words.switch(), words.switch()];
      if (a === b) throw expected(b.name, `another switch than ${a.name}`);
      const cut = words.oneOf(["cut", "heal"]) === "cut";
      return ({ cluster }) => {
        if (cut) cluster.cutLink(a, b);
        else cluster.healLink(a, b);
        return Promise.resolve([]);
      };
    },
  },
  {
    name: "channel",
    takes: "DPU DPU cut|heal",
    does: "the data-plane channel between two DPUs, and nothing else: nothing passes, or all passes again",
    read: (words) => {
      const [a, b] = [words.dpu(), words.dpu()];
      if (a === b) throw expected(b.name, `another DPU than ${a.name}`);
      const cut = words.oneOf(["cut", "heal"]) === "cut";
      return ({ cluster: { devices } }) => {
        if (cut) devices.network.cut(a.name, b.name);
        else devices.network.heal(a.name, b.name);
        return Promise.resolve([]);
      };
    },
  },
  {
    name: "kill",
    takes: "redis SWITCH-OR-DPU | swbusd|hamgrd DPU",
    does: "kill -9; a daemon that serves several slots goes with all of them",
    read: (words) => {
      const target = victim(words);
      return (stage, { command }) => {
        const { host } = stage.cluster;
        return stage.done(
          command,
          target.kind === "redis"
            ? host.killRedis(target.owner)
            : host.killDaemon(daemonOf(host, target.kind, target.dpu)),
        );
      };
    },
  },
  {
    name: "start",
    takes: "redis SWITCH-OR-DPU | swbusd|hamgrd DPU",
    does: "starts again what was killed, and waits until it is ready",
    read: (words) => {
      const target = victim(words);
      return (stage, { command }) => {
        const { host } = stage.cluster;
        return stage.done(
          command,
          target.kind === "redis"
            ? host.startRedis(target.owner)
            : host.startDaemon(daemonOf(host, target.kind, target.dpu)),
        );
      };
    },
  },
  {
    name: "stop",
    takes: "swbusd|hamgrd DPU",
    does: "SIGTERM: the daemon ends by itself, in order; waits until it has",
    read: (words) => {
      const kind = words.oneOf(DAEMON_KINDS);
      const dpu = words.dpu();
      return (stage, { command }) => {
        const { host } = stage.cluster;
        return stage.done(command, host.stopDaemon(daemonOf(host, kind, dpu)));
      };
    },
  },
  {
    name: "redis",
    takes: "SWITCH-OR-DPU slow|stalled|full|unsaved|well",
    does: "a Redis needs some 150 ms for each answer (slow), answers nothing while its connections stand (stalled), refuses what needs memory (full), cannot save and refuses every write (unsaved), or is well again",
    read: (words) => {
      const owner = words.owner();
      const trouble = words.oneOf([...REDIS_TROUBLES, "well"]);
      return (stage, { command }) => {
        const { host } = stage.cluster;
        return stage.done(command, host.troubleRedis(owner, trouble === "well" ? undefined : trouble));
      };
    },
  },
  {
    name: "switch",
    takes: "SWITCH off|on",
    does: "a switch loses power, with its databases, daemons and DPUs; or boots with nothing but its configuration, and what the controller then writes again",
    read: (words) => {
      const sw = words.switch();
      const off = words.oneOf(["off", "on"]) === "off";
      return async (stage, { command }) => {
        const { cluster } = stage;
        if (off) return stage.done(command, powerOffSwitch(cluster, sw));
        await stage.done(command, powerOnSwitch(cluster, sw));
        return stage.done(command, cluster.controller.replay());
      };
    },
  },
  {
    name: "configure",
    takes: "DPU out|in",
    does: "takes a DPU and its vDPU out of CONFIG_DB of every switch, or puts them in again",
    read: (words) => {
      const dpu = words.dpu();
      const out = words.oneOf(["out", "in"]) === "out";
      return (stage, { command }) => {
        const { cluster } = stage;
        const each = (sw: SwitchPlace): Promise<void> =>
          out ? cluster.unconfigure(sw, dpu) : cluster.configure(sw, dpu);
        return stage.done(command, Promise.all(cluster.topology.switches.map(each)));
      };
    },
  },
  {
    name: "flush",
    takes: "DPU",
    does: "FLUSHDB of the databases that the switch holds for a DPU; it makes no key events",
    read: (words) => {
      const dpu = words.dpu();
      return (stage, { command }) => stage.done(command, flushDatabases(stage.cluster, dpu));
    },
  },
  {
    name: "upstream",
    takes: "DPU",
    does: "makes what a stopped hamgrd has left look as an upstream hamgrd leaves it",
    read: (words) => {
      const dpu = words.dpu();
      return (stage, { command }) => stage.done(command, leaveAsUpstream(stage.cluster.host, dpu));
    },
  },
  {
    name: "stale",
    takes: "DPU",
    does: "writes DPU rows as an earlier incarnation would have left them: active, everything pending",
    read: (words) => {
      const dpu = words.dpu();
      return (stage, { command }) => stage.done(command, writeStaleRows(stage.cluster.host, dpu));
    },
  },
  {
    name: "delete",
    takes: "SWITCH TABLE KEY",
    does: "deletes a row of the switch's APPL_DB, behind the controller's back",
    read: (words) => {
      const sw = words.switch();
      const table = words.oneOf(APPL_TABLES);
      const key = words.any("a row's key");
      return (stage, { command }) => stage.done(command, deleteRow(stage.cluster.host, sw, table, key));
    },
  },
];
