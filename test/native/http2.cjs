// Runs in Bun and Node (http2.test.ts): `http2.cjs ADDON PORT HOW`, and prints what came of it.
const workers = require('node:worker_threads');

const [, , addon, port, how] = process.argv;
const { http2 } = require(addon).sink;

/** @returns a promise per call, and the channel. */
function open() {
  const pending = new Map();
  const options = {
    host: '127.0.0.1',
    port: Number(port),
    authority: 'a',
    userAgent: 'test',
    metadata: ['authorization', 'x'],
  };
  const channel = http2.open(options, (id, code, details, message) =>
    pending.get(id)(`${code} ${details} ${message}`),
  );
  let last = 0;
  const call = (size, timeoutMs = 20_000) =>
    new Promise(resolve => {
      pending.set(++last, resolve);
      http2.call(channel, last, '/a/b', new Uint8Array(size), timeoutMs);
    });
  return { channel, call };
}

const well = answers => `${answers.filter(answer => answer === '0  yes').length} answered`;

async function main() {
  const { channel, call } = open();
  if (how === 'calls') {
    const answers = [];
    for (let i = 0; i < 100; i++) answers.push(...(await Promise.all([call(10), call(10_000 * (i % 5))])));
    http2.close(channel);
    console.log(well(answers));
  } else if (how === 'waiting') {
    // Nothing but the calls keeps the process, until their deadline.
    console.log(
      (await Promise.all([call(10, 300), call(100_000, 300)])).filter(a => a.startsWith('4 ')).length - 1,
    );
  } else if (how === 'exit') {
    void call(10);
    void call(1_000_000);
    setTimeout(() => {
      console.log('leaving');
      process.exit();
    }, 100);
  } else if (how === 'forgotten') {
    console.log(well([await call(10)]));
  } else if (workers.isMainThread) {
    http2.close(channel);
    const counts = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise((resolve, reject) => {
            const worker = new workers.Worker(__filename, { argv: process.argv.slice(2) });
            worker.once('message', resolve);
            worker.once('error', reject);
          }),
      ),
    );
    console.log(`${counts.reduce((a, b) => a + b)} answered`);
  } else {
    const answers = [];
    for (let i = 0; i < 10; i++) answers.push(await call(i * 1000));
    void call(10); // still open when the worker ends
    workers.parentPort.postMessage(answers.filter(answer => answer === '0  yes').length);
  }
}

main();
