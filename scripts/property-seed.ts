import fc from "fast-check";

/**
 * Property tests draw the same values in every short run, so that a red run is about the change and not about luck;
 * `TANDEM_TEST_ALL=1` draws new ones. A failure prints its seed; `TANDEM_TEST_SEED` repeats it.
 */
const given = process.env.TANDEM_TEST_SEED;
const seed = given !== undefined ? Number(given) : process.env.TANDEM_TEST_ALL === "1" ? Date.now() : 20_260_101;
fc.configureGlobal({ seed });
