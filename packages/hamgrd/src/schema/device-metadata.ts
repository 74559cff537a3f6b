import { defineTable, t } from "@tandem/swss";

/** Who this switch is. */
export const DeviceMetadata = defineTable({
  name: "DEVICE_METADATA",
  db: "CONFIG_DB",
  spec: "SONiC configuration schema; smart-switch-ha-hamgrd",
  key: { name: t.text({ doc: "`localhost`." }) },
  fields: {
    region: t.text({ doc: "First part of every service path." }),
    cluster: t.text({ doc: "Second part." }),
    hostname: t.text({ doc: "Third part is `<hostname>-dpu<slot>`." }),
    switch_type: t.text({ doc: "`switch` or `dpu`.", optional: true }),
    subtype: t.text({ doc: "`SmartSwitch`.", optional: true }),
  },
});
