import { defineTable, t } from "@tandem/swss";
import { prefixCodec } from "./codecs.js";

/** Addresses of loopback interfaces. Those of Loopback0 are this switch's NPU addresses. */
export const LoopbackInterface = defineTable({
  name: "LOOPBACK_INTERFACE",
  db: "CONFIG_DB",
  spec: "SONiC configuration schema",
  key: {
    interface: t.text({ doc: "`Loopback0`." }),
    prefix: t.of(prefixCodec, {
      doc: "`<address>/<length>`; missing in the row that only names the interface.",
      absent: "",
    }),
  },
  fields: {},
});
