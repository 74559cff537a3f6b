import { seconds } from "@tandem/base";
import { isDecider } from "../dpu/ha-state.js";
import type { DpuPlace } from "../topology.js";
import { fairAlone } from "./fair.js";
import type { Always } from "./invariant.js";
import { Overdue } from "./overdue.js";
import { STATE_SIGHTS, StateBook } from "./state-book.js";
import { WISH_SIGHTS, WishBook } from "./wish-book.js";

/** A DPU of the lab gives its peer up after 20 s; then its activation is approved. */
const TAKES_OVER = seconds(40);

export const survivorServes: Always = {
  id: "survivor-serves",
  text: "A DPU whose peer is off, disabled or desired dead serves alone within 40 seconds when it is on, enabled, desired up and nothing is broken at it.",
  when: "always",
  exact: true,
  sees: [...STATE_SIGHTS, ...WISH_SIGHTS],
  start(view) {
    const states = new StateBook(view.topology);
    const wishes = new WishBook(view);
    const places = new Map(view.topology.dpus.map((dpu) => [dpu.name, dpu]));
    const late = new Overdue<string>(TAKES_OVER, (name) => fairAlone(view, places.get(name) as DpuPlace));
    const off = new Set(view.topology.dpus.filter((dpu) => view.core(dpu) === undefined).map(({ name }) => name));
    const look = (dpu: DpuPlace): void => {
      const pair = states.pairOf(dpu);
      if (pair === undefined) return;
      const wish = wishes.of(dpu, pair.set);
      const wanted = wish === "up" || wish === "active";
      const isOff = off.has(pair.peer.name);
      const alone = isOff || (wishes.of(pair.peer, pair.set) === "down" && states.of(pair.peer) === "dead");
      const state = states.of(dpu);
      const text = `${dpu.name} is ${state ?? "without a scope"}, and ${pair.peer.name} is ${isOff ? "off" : "down"}`;
      late.note(dpu.name, view.now(), wanted && alone && !off.has(dpu.name) && !isDecider(state) ? text : undefined);
    };
    const lookAtPair = (dpu: DpuPlace): void => {
      look(dpu);
      const peer = states.pairOf(dpu)?.peer;
      if (peer !== undefined) look(peer);
    };
    return {
      observe(seen) {
        states.note(seen);
        if (seen.kind === "power" && seen.on) off.delete(seen.dpu.name);
        else if (seen.kind === "power") off.add(seen.dpu.name);
        for (const dpu of wishes.note(seen)) lookAtPair(dpu);
        if (seen.kind === "state" || seen.kind === "power" || seen.kind === "told") lookAtPair(seen.dpu);
        return [];
      },
      due: () => late.due(),
      expire: (now) => late.expire(now),
    };
  },
};
