import { noCrash, type Result, systemClock } from "@tandem/base";
import type { Store } from "@tandem/swss";
import type { AsicContext } from "../context-config.js";
import { loadSession } from "../syncd/boot.js";
import { type DriftReport, differences } from "../syncd/drift.js";
import { Session } from "../syncd/session.js";
import type { Asic } from "../virtual-asic/asic.js";

/** Rows of ASIC_DB against the ASIC, as they stand now; nothing is changed. */
export async function auditAsic(store: Store, asic: Asic, context: AsicContext): Promise<Result<DriftReport, string>> {
  const session = new Session({
    ...{ store, asic, clock: systemClock, crashPoint: noCrash, guid: context.guid, switches: context.switches },
    observer: () => {},
  });
  const loaded = await loadSession(session);
  return loaded.ok ? differences(session) : loaded;
}
