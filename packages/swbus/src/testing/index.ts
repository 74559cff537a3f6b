export { SwbusWorld, type SwbusWorldOptions, swbusConfig } from "./swbus-world.js";
