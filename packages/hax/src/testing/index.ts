export { findConsul } from "../find-consul.js";
export { type ConsulAgent, startConsulAgent } from "./consul-agent.js";
