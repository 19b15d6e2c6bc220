// The connector's guide, followed with the built executable, a Java producer and pymilvus.
import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { runSink, startSink, writeFiles } from '../../scripts/stack/sink.ts';
import { ROOT } from '../../scripts/stack/stack.ts';
import {
  GUIDE_MESSAGE,
  guideRecord,
  MILVUS_2_3,
  MILVUS_LITE,
  missing,
  type Stage,
  stage,
  unique,
} from '../support/e2e.ts';

// Servers take seconds to start, and bun's default for a test or a hook is five.
setDefaultTimeout(120_000);

for (const milvus of [MILVUS_2_3, MILVUS_LITE]) {
  describe.skipIf(missing !== undefined)(`the guide on ${milvus.title}`, () => {
    let s: Stage;
    beforeAll(async () => {
      s = await stage(milvus);
    });

    test(`${milvus.title}: the guide's message, typed into Kafka's console producer, becomes the guide's row`, async () => {
      // The guide's own names; nothing of its two files changes but addresses and token.
      const topic = 'topic_0';
      await s.client.create(s.at, topic);
      await s.client.topic(s.bootstrap, topic);
      const sink = await startSink({
        bootstrap: s.bootstrap,
        endpoint: s.at.uri,
        token: s.at.token,
        collection: topic,
        topics: topic,
        name: `guide-${milvus.kind}`,
      });
      await sink.ready();
      await javaConsoleProducer(s.bootstrap, topic, GUIDE_MESSAGE);
      expect(await s.client.count(s.at, topic, 1)).toBe(1);
      const [row] = await s.client.query(s.at, topic, 'id == 0');
      const sent = JSON.parse(GUIDE_MESSAGE);
      expect(row).toMatchObject({ id: 0, title: sent.title, link: sent.link });
      expect(row!.title_vector as number[]).toEqual(sent.title_vector.map(Math.fround));

      // Again with another title: the row is replaced, since the key is the same.
      await s.client.produce(s.bootstrap, topic, [
        { value: guideRecord(0, 'second') },
        { value: guideRecord(1) },
      ]);
      expect(await s.client.count(s.at, topic, 2)).toBe(2);
      expect((await s.client.query(s.at, topic, 'id == 0'))[0]!.title).toBe('second');

      const health = JSON.parse((await sink.get('/healthz'))!.body);
      expect(JSON.stringify(health)).toContain('"kafka"');
      expect((await sink.get('/livez'))!.status).toBe(200);
      const check = await runSink(['healthcheck', '--url', `http://127.0.0.1:${sink.port}`]);
      expect(check.code).toBe(0);

      expect(await sink.stop()).toBe(0);
      const ends = await s.client.ends(s.bootstrap, topic);
      expect(await s.client.committed(s.bootstrap, sink.group, topic)).toEqual(ends);
      // Nobody serves there any more.
      const after = await runSink(['healthcheck', '--url', `http://127.0.0.1:${sink.port}`]);
      expect(after.code).not.toBe(0);
      await s.client.ask('delete_topic', { bootstrap: s.bootstrap, topic }); // the other Milvus makes its own
    });

    test(`${milvus.title}: validate --connect names the topic, the collection and how each field is filled`, async () => {
      const topic = unique('validate');
      await s.client.create(s.at, topic);
      await s.client.topic(s.bootstrap, topic, 3);
      const { files } = await writeFiles({
        bootstrap: s.bootstrap,
        endpoint: s.at.uri,
        token: s.at.token,
        collection: topic,
        topics: topic,
      });
      const { code, out, err } = await runSink(['validate', '--connect', ...files]);
      expect(err + out).toContain(topic);
      for (const field of ['id', 'title', 'title_vector', 'link']) expect(out + err).toContain(field);
      expect(code).toBe(0);
      if (s.at.token) expect(out + err).not.toContain(s.at.token);
    });
  });
}

/** As the guide has it: one line into kafka-console-producer. */
async function javaConsoleProducer(bootstrap: string, topic: string, line: string): Promise<void> {
  const tool = Bun.spawn(
    [
      'bash',
      join(ROOT, 'scripts/stack/kafka.sh'),
      ...[
        'tool',
        'org.apache.kafka.tools.ConsoleProducer',
        '--topic',
        topic,
        '--bootstrap-server',
        bootstrap,
      ],
    ],
    { stdin: new Blob([`${line}\n`]), stdout: 'pipe', stderr: 'pipe' },
  );
  const err = await new Response(tool.stderr).text();
  if ((await tool.exited) !== 0) throw new Error(`the console producer failed: ${err}`);
}
