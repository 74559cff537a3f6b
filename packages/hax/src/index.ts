export { type Fid, fidLetter, formatFid, NULL_FID, parseFid, sameFid, typedFid } from "./fid.js";
