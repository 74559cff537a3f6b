import { millis } from "@tandem/base";
import { flushDatabases, writeStaleRows } from "../../story/database-faults.js";
import { defineFault } from "../fault.js";
import { aDpu, aTime, oneOf } from "../fault-params.js";

/** DPUs that die, boot, answer late, or refuse. */
export const DPU_FAULTS = [
  defineFault({
    name: "power",
    doc: "a DPU loses power and boots again; booting it deletes its rows (keys), empties its databases without a key event (flush), or leaves the rows of its former life (none)",
    params: { dpu: aDpu, wipe: oneOf("keys", "flush", "none") },
    lasts: [millis(100), millis(60_000)],
    text: ({ dpu, wipe }) => `${dpu.name} loses power (wipe=${wipe})`,
    begin: (world, { dpu }) => world.powerOff(dpu),
    end: (world, { dpu, wipe }) => world.powerOn(dpu, wipe),
  }),
  defineFault({
    name: "flush",
    doc: "FLUSHDB of the databases that the switch holds for a DPU that is off; it makes no key events",
    params: { dpu: aDpu },
    text: ({ dpu }) => `the databases of ${dpu.name} are flushed, if it is off`,
    begin: ({ host, cluster }, { dpu }) => cluster.devices.dpu(dpu).powered || flushDatabases(host, dpu),
  }),
  defineFault({
    name: "stale-rows",
    doc: "rows of a DPU that is off say what an earlier life left: active, everything pending",
    params: { dpu: aDpu },
    text: ({ dpu }) => `rows of an earlier life of ${dpu.name} are back, if it is off`,
    begin: ({ host, cluster }, { dpu }) => cluster.devices.dpu(dpu).powered || writeStaleRows(host, dpu),
  }),
  defineFault({
    name: "late-reports",
    doc: "a DPU's reports and acknowledgements reach its database late",
    params: { dpu: aDpu, delay: aTime(10, 20_000) },
    lasts: [millis(500), millis(60_000)],
    text: ({ dpu, delay }) => `reports of ${dpu.name} are ${delay} ms late`,
    begin: ({ cluster }, { dpu, delay }) => cluster.devices.dpu(dpu).setReportDelay(delay),
    end: ({ cluster }, { dpu }) => cluster.devices.dpu(dpu).setReportDelay(millis(0)),
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
];
