export { ActorWorld, type Write } from "./actor-world.js";
export { Example, settings } from "./example.js";
