#!/usr/bin/env node
import { COMMANDS } from "./command-list.js";
import { processIo } from "./process-io.js";
import { runProgram } from "./program.js";

process.exitCode = await runProgram("tandem", COMMANDS, process.argv.slice(2), processIo());
