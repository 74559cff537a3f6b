export { type GatewayNode, type GatewayShape, gatewayNodes } from "./gateways.js";
export { SwbusWorld, type SwbusWorldOptions, swbusConfig } from "./swbus-world.js";
