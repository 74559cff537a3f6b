import { seconds } from "@tandem/base";
import { parseServicePath } from "@tandem/swbus/edge";

/** The swbusd between the two edges. */
export const NODE = "region.cluster.node0";
export const SOURCE = parseServicePath(`${NODE}/source/0`);
export const SINK = parseServicePath(`${NODE}/sink/0`);

/** The receiver tells the sender each time that it has so many messages. */
export const ACK_EVERY = 250;

/** How long an edge may take to reach its swbusd. */
export const CONNECT_LIMIT = seconds(5);

export const ZMQ_DB = { db: "DPU_APPL_DB" };
export const ZMQ_TABLE = "BENCH_TABLE";
