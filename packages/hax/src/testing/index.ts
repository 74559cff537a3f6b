export { type ConsulAgent, findConsul, startConsulAgent } from "./consul-agent.js";
