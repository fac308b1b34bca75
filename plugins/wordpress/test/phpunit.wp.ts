import { describe, expect, it } from 'vitest';
import { runPhpunit } from '../bed/phpunit.ts';
import { type Core, whyMissing } from '../bed/prepare.mjs';

// PHPUnit runs while the file is loaded, so that each of its tests can be one of ours, with its own name and failure.
for (const core of ['floor', 'current'] satisfies Core[]) {
  const missing = whyMissing(core);
  const { version, tests } = missing ? { version: missing, tests: [] } : await runPhpunit({ core });
  describe.skipIf(missing)(`PHPUnit on the ${core} WordPress: ${version}`, () => {
    it('has tests', () => expect(tests.length).toBeGreaterThan(0));
    for (const { name, failure, skipped } of tests) {
      it.skipIf(skipped)(name, () => {
        if (failure !== undefined) expect.fail(failure);
      });
    }
  });
}
