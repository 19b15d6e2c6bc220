import { expect, test } from 'bun:test';
import { Glob } from 'bun';

const ROOT = `${import.meta.dir}/../../..`;
/** The one that writes, and the one that replaces the console for libraries. */
const MAY = ['src/cli/terminal.ts', 'src/cli/stray-output.ts'];

test('nothing in src/ writes past the terminal', async () => {
  const wrong: string[] = [];
  for await (const file of new Glob('src/**/*.{ts,cjs}').scan(ROOT)) {
    if (MAY.includes(file)) continue;
    const lines = (await Bun.file(`${ROOT}/${file}`).text()).split('\n');
    for (const [i, line] of lines.entries()) {
      if (/\bconsole\b\s*[.[]|\bprocess\s*\.\s*std(out|err|in)\b/.test(line))
        wrong.push(`${file}:${i + 1}: ${line.trim()}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('an answer longer than a pipe holds arrives whole, on standard output', async () => {
  const script = `
    import { processTerminal } from '${ROOT}/src/cli/terminal.ts';
    const terminal = processTerminal();
    console.log = () => undefined;
    terminal.err('e\\n');
    terminal.out('x'.repeat(1_000_000));
    process.exit(0);
  `;
  const child = Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', stderr: 'pipe' });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  expect([out.length, out.endsWith('x\n'), err]).toEqual([1_000_001, true, 'e\n']);
});
