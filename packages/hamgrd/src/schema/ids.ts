import type { Brand } from "@tandem/base";

/** Key of a DPU or REMOTE_DPU row. */
export type DpuName = Brand<string, "DpuName">;
/** Key of a VDPU row. */
export type VdpuId = Brand<string, "VdpuId">;
export type HaSetId = Brand<string, "HaSetId">;
/** The HA set's id when its scope is `dpu`, an ENI's id when it is `eni`. */
export type HaScopeId = Brand<string, "HaScopeId">;
/** GUID of an operation that waits for approval. */
export type OperationId = Brand<string, "OperationId">;
