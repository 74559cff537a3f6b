export { asicArchiveMain } from "./daemon/archive-main.js";
export { asicGatewayMain } from "./daemon/gateway-main.js";
export { asicRecordMain } from "./daemon/record-main.js";
export { asicSyncdMain } from "./daemon/syncd-main.js";
export { virtualAsicMain } from "./daemon/virtual-asic-main.js";
