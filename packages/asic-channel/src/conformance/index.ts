export { type ConformanceCase, MATRIX_ROWS, type MatrixRow } from "./case.js";
export { CONFORMANCE_CASES } from "./cases.js";
export { codeLinesOf } from "./code-lines.js";
export { type CodeFacts, type MatrixCell, matrixOf } from "./matrix.js";
export { type CaseOutcome, casesOf, runCase, TRAITS } from "./run.js";
