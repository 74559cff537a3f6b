/**
 * What a soak does over and over: every kind of change that a pair goes through, and back to where it began, so that
 * whatever grows from round to round is a leak. No daemon is killed: its memory must be its own from first to last.
 */
export const CHURN = `# A pair is changed in every way, and is a pair again.

# Planned shutdown of the standby
desire vdpu1-0 dead

await sw0_dpu0=standalone sw1_dpu0=dead

desire vdpu1-0 unspecified

await sw0_dpu0=active sw1_dpu0=standby

# A DPU crashes and boots
power sw1_dpu0 off

await sw0_dpu0=standalone

power sw1_dpu0 on

await sw0_dpu0=active sw1_dpu0=standby

# Probes, pins, planes
bfd sw1_dpu0 lost

bfd sw1_dpu0 back

pin haset0-0 vdpu1-0 down

pin haset0-0 vdpu1-0 none

planes sw1_dpu0 data_plane=down

planes sw1_dpu0 data_plane=up

replay

# A Redis is killed
kill redis sw1_dpu0

start redis sw1_dpu0

await sw0_dpu0=active sw1_dpu0=standby

# The pair is deleted and made anew
remove haset0-0

launch haset0-0

check
----
all invariants hold
`;
