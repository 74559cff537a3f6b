export { consulDoubleMain } from "./consul-double/double-main.js";
export { haxMain } from "./daemon/hax-main.js";
export { type DemoOptions, haxDemoMain } from "./demo/demo-main.js";
export { haxM0dMain } from "./m0d/m0d-main.js";
