module.exports = {
  testMatch: ["**/*.case.cjs"],
  injectGlobals: true,
  transform: {},
  cache: false,
  testTimeout: 20_000,
};
