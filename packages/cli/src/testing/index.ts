export { type CliRun, cliIsBuilt, runCli } from "./run-cli.js";
