export { arbitraryRow } from "./arbitrary-row.js";
