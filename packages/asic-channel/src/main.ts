export { asicArchiveMain } from "./daemon/archive-main.js";
export { asicRecordMain } from "./daemon/record-main.js";
