import { millis } from "@tandem/base";
import { flushDatabases, writeStaleRows } from "../../story/database-faults.js";
import { defineFault } from "../fault.js";
import { aDpu, aTime, oneOf } from "../fault-params.js";

const SPAN = [millis(100), millis(60_000)] as const;

/** DPUs that die, boot, answer late, twice, or not at all. */
export const DPU_FAULTS = [
  defineFault({
    name: "power",
    doc: "a DPU loses power and boots again; hamgrd's connection to it seems to stand, and loses what goes into it, until TCP keepalive finds out or the new orchagent refuses a row; booting it deletes its rows (keys), empties its databases without a key event (flush), or leaves the rows of its former life (none)",
    params: { dpu: aDpu, wipe: oneOf("keys", "flush", "none") },
    lasts: SPAN,
    text: ({ dpu, wipe }) => `${dpu.name} loses power (wipe=${wipe})`,
    begin: (world, { dpu }) => world.powerOff(dpu),
    end: (world, { dpu, wipe }) => world.powerOn(dpu, wipe),
  }),
  defineFault({
    name: "flush",
    doc: "FLUSHDB of the databases that the switch holds for a DPU that is off; it makes no key events",
    params: { dpu: aDpu },
    text: ({ dpu }) => `the databases of ${dpu.name} are flushed, if it is off`,
    begin: (world, { dpu }) => world.whileOff(dpu, () => flushDatabases(world.cluster, dpu)),
  }),
  defineFault({
    name: "stale-rows",
    doc: "rows of a DPU that is off say what an earlier life left: active, everything pending",
    params: { dpu: aDpu },
    text: ({ dpu }) => `rows of an earlier life of ${dpu.name} are back, if it is off`,
    begin: (world, { dpu }) => world.whileOff(dpu, () => writeStaleRows(world.host, dpu)),
  }),
  defineFault({
    name: "late-reports",
    doc: "a DPU's reports and acknowledgements reach its database late",
    params: { dpu: aDpu, delay: aTime(10, 20_000) },
    lasts: [millis(500), millis(60_000)],
    text: ({ dpu, delay }) => `reports of ${dpu.name} are ${delay} ms late`,
    begin: ({ cluster }, { dpu, delay }) => cluster.devices.dpu(dpu).setReportDelay(delay),
    // It is over when what is late has come, not when nothing more gets late.
    end: ({ cluster }, { dpu }) => {
      cluster.devices.dpu(dpu).setReportDelay(millis(0));
      return cluster.devices.dpu(dpu).idle();
    },
  }),
  defineFault({
    name: "no-reports",
    doc: "a DPU reports and acknowledges nothing; what it would have said comes in the end, the newest alone",
    params: { dpu: aDpu },
    lasts: SPAN,
    text: ({ dpu }) => `${dpu.name} reports nothing`,
    begin: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).setReportsHeld(true),
    end: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).setReportsHeld(false),
  }),
  defineFault({
    name: "old-report",
    doc: "a report of before is in the database again; in the end the DPU reports what is",
    params: { dpu: aDpu },
    lasts: [millis(50), millis(20_000)],
    text: ({ dpu }) => `a report of before of ${dpu.name} shows again`,
    begin: (world, { dpu }) => world.writeOldReport(dpu),
    end: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).repeatReports(),
  }),
  defineFault({
    name: "repeated-report",
    doc: "a DPU writes its reports again, unchanged",
    params: { dpu: aDpu },
    text: ({ dpu }) => `${dpu.name} reports again what it reported`,
    begin: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).repeatReports(),
  }),
  defineFault({
    name: "sai-fails",
    doc: "the hardware of a DPU refuses what orchagent asks; rows wait",
    params: { dpu: aDpu },
    lasts: [millis(100), millis(30_000)],
    text: ({ dpu }) => `the hardware of ${dpu.name} refuses every change`,
    begin: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).setSaiFailing(true),
    end: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).setSaiFailing(false),
  }),
  defineFault({
    name: "syncd-stall",
    doc: "syncd of a DPU stands still: rows wait, in order, and no state is lost",
    params: { dpu: aDpu },
    lasts: [millis(100), millis(30_000)],
    text: ({ dpu }) => `syncd of ${dpu.name} stands still`,
    begin: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).inbox.setStalled(true),
    end: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).inbox.setStalled(false),
  }),
  defineFault({
    name: "bulk-sync-lost",
    doc: "the bulk syncs that a DPU sends do not arrive",
    params: { dpu: aDpu },
    lasts: SPAN,
    text: ({ dpu }) => `bulk syncs of ${dpu.name} are lost`,
    begin: ({ cluster }, { dpu }) => cluster.devices.fabric.setBulkLost(dpu.name, true),
    end: ({ cluster }, { dpu }) => cluster.devices.fabric.setBulkLost(dpu.name, false),
  }),
  defineFault({
    name: "zmq-cut",
    doc: "the connection from hamgrd to a DPU's orchagent ends: what was under way is lost",
    params: { dpu: aDpu },
    text: ({ dpu }) => `the ZMQ connection to ${dpu.name} ends`,
    begin: (world, { dpu }) => world.cutZmq(dpu),
  }),
  defineFault({
    name: "zmq-full",
    doc: "rows for a DPU find the queue to its orchagent full, as when nobody has read for long: they are refused until there is room again",
    params: { dpu: aDpu },
    lasts: [millis(50), millis(5000)],
    text: ({ dpu }) => `the queue to ${dpu.name} is full`,
    begin: (world, { dpu }) => world.fillZmq(dpu),
    end: (world, { dpu }) => world.drainZmq(dpu),
  }),
  defineFault({
    name: "zmq-slow",
    doc: "rows reach a DPU's orchagent late, in order",
    params: { dpu: aDpu, delay: aTime(5, 5000) },
    lasts: SPAN,
    text: ({ dpu, delay }) => `rows reach ${dpu.name} ${delay} ms late`,
    begin: ({ cluster }, { dpu, delay }) => cluster.devices.dpu(dpu).inbox.setDelay(delay),
    end: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).inbox.setDelay(millis(0)),
  }),
  defineFault({
    name: "zmq-twice",
    doc: "rows reach a DPU's orchagent twice",
    params: { dpu: aDpu },
    lasts: SPAN,
    text: ({ dpu }) => `rows reach ${dpu.name} twice`,
    begin: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).inbox.setTwice(true),
    end: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).inbox.setTwice(false),
  }),
];
