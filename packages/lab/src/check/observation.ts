import type { Millis } from "@tandem/base";
import type { DatabaseName, Fields } from "@tandem/swss";
import type { HaState } from "../dpu/ha-state.js";
import type { DpuPlace, SwitchPlace } from "../topology.js";

/**
 * One thing that was seen of a cluster; `at` is monotonic time. What a DPU does and is told, and what the controller
 * writes, is seen as it happens, since both are simulated in every lab. Rows of databases are seen as an operator's tools
 * see them: the simulator's without delay, those of a real Redis a little later, several changes of one row as one.
 */
export type Observation =
  /** A row of a watched table changed. */
  | {
      readonly kind: "row";
      readonly at: Millis;
      readonly owner: SwitchPlace | DpuPlace;
      readonly db: DatabaseName;
      readonly table: string;
      readonly key: string;
      /** `undefined`: the row went. */
      readonly fields: Fields | undefined;
      readonly before: Fields | undefined;
    }
  /** The DPU's orchagent is about to take a row that came by ZMQ; without fields it is a DEL. */
  | {
      readonly kind: "told";
      readonly at: Millis;
      readonly dpu: DpuPlace;
      readonly table: string;
      readonly key: string;
      readonly fields: Fields | undefined;
    }
  /** The scope of the DPU changed its state. */
  | {
      readonly kind: "state";
      readonly at: Millis;
      readonly dpu: DpuPlace;
      readonly from: HaState;
      readonly to: HaState;
      readonly reason: string;
    }
  /** The DPU begins to answer BFD, or answers nobody any more. */
  | { readonly kind: "answers"; readonly at: Millis; readonly dpu: DpuPlace; readonly answers: boolean }
  | { readonly kind: "power"; readonly at: Millis; readonly dpu: DpuPlace; readonly on: boolean }
  /** The controller is about to write a config row, or to delete it. */
  | {
      readonly kind: "wanted";
      readonly at: Millis;
      readonly sw: SwitchPlace;
      readonly table: string;
      readonly key: string;
      readonly fields: Fields | undefined;
    }
  /** A process ended or is ready; `wellSince` of the view takes it in. */
  | { readonly kind: "part"; readonly at: Millis; readonly part: string; readonly up: boolean }
  /** A route, a BFD session or a link changed: packets may go another way. */
  | { readonly kind: "ways"; readonly at: Millis }
  /** Whoever breaks things begins something, or ends it; `fairSince` of the view takes it in. */
  | { readonly kind: "trouble"; readonly at: Millis };

/** A row of a watched table, as an observation. */
export type SeenRow = Extract<Observation, { kind: "row" }>;
/** A row that a DPU was told, as an observation. */
export type ToldRow = Extract<Observation, { kind: "told" }>;
