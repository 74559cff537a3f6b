import type { AnyActor } from "@tandem/actor";
import { dpuActor } from "./dpu.js";
import { haScopeActor } from "./ha-scope.js";
import { haSetActor } from "./ha-set.js";
import type { HamgrdSettings } from "./settings.js";
import { vdpuActor } from "./vdpu.js";

export type { HamgrdSettings } from "./settings.js";

/** The actors of one slot, in the order in which their creators start. */
export function hamgrdActors(settings: HamgrdSettings): readonly AnyActor[] {
  return [dpuActor(settings), vdpuActor, haSetActor(settings), haScopeActor(settings)];
}
