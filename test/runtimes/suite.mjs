/**
 * A small test runner for runtimes without one: it collects the cases of the conformance suite, runs them side by side,
 * and returns how many passed and what failed.
 */
export async function runSuite(conformance, subject) {
  const cases = [];
  const path = [];
  let after = async () => {};
  conformance(
    {
      describe(name, body) {
        path.push(name);
        body();
        path.pop();
      },
      it: (name, body) => void cases.push({ title: [...path.slice(1), name].join(" > "), body }),
      after(body) {
        after = body;
      },
    },
    subject,
  );
  const failures = [];
  const queue = cases[Symbol.iterator]();
  const worker = async () => {
    for (const { title, body } of queue) {
      try {
        await body();
      } catch (error) {
        failures.push(`${title}: ${error?.message ?? error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  await after();
  return { passed: cases.length - failures.length, failures };
}
