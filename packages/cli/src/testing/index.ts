export { type CliRun, cliIsBuilt, cliPath, runCli } from "./run-cli.js";
