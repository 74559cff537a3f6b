import { type Fid, formatFid } from "../../fid.js";
import { STOB_OPCODES, type StobIoq } from "../../motr/message.js";

/** A STOB_IOQ as the event queue carries it: fids as text, numbers as numbers, however long. */
export function stobIoqText(fid: Fid, { confSdev, stobId, fd, opcode, rc, offset, size, bshift }: StobIoq): string {
  const text = (of: Fid): string => JSON.stringify(formatFid(of));
  const stob = `{"domain_fid": ${text(stobId.domainFid)}, "fid": ${text(stobId.fid)}}`;
  const numbers = { fd, opcode: STOB_OPCODES.indexOf(opcode), rc, offset, size, bshift };
  const rest = Object.entries(numbers).map(([name, value]) => `"${name}": ${value}`);
  return `{"fid": ${text(fid)}, "conf_sdev": ${text(confSdev)}, "stob_id": ${stob}, ${rest.join(", ")}}`;
}

/** The item of a queue: `message_type` and `payload`, as upstream's consumers read it. */
export function queueItemText(messageType: string, payload: string): string {
  return `{"message_type": ${JSON.stringify(messageType)}, "payload": ${payload}}`;
}
