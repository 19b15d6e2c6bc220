import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import definitions from '@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.js';
import type { OnLoadCallback, PluginBuilder } from 'bun';
import protobuf from 'protobufjs';
import {
  pruneReflection,
  type ReflectionNamespace,
  SDK_METHODS,
  slimSdkPlugin,
} from '../../../../scripts/native/slim-sdk.ts';

const SDK = join(import.meta.dir, '../../../../node_modules/@zilliz/milvus2-sdk-node/dist/milvus');
const whole = ((definitions as { default?: unknown }).default ?? definitions) as ReflectionNamespace;
const pruned = pruneReflection(whole, SDK_METHODS);
const load = (json: ReflectionNamespace) =>
  protobuf.Root.fromJSON(structuredClone(json) as protobuf.INamespace).resolveAll();

describe('pruneReflection', () => {
  test('keeps the methods of the list and nothing else', () => {
    const service = load(pruned).lookupService('milvus.proto.milvus.MilvusService');
    expect(service.methodsArray.map(m => m.name).sort()).toEqual([...SDK_METHODS].sort());
    expect(load(pruned).lookupService('milvus.proto.milvus.ClientTelemetryService').methodsArray).toEqual([]);
    expect(JSON.stringify(pruned).length).toBeLessThan(JSON.stringify(whole).length / 10);
  });

  test('a message of the whole definitions is read the same by what is left', () => {
    const name = 'milvus.proto.milvus.DescribeCollectionResponse';
    const [full, slim] = [load(whole).lookupType(name), load(pruned).lookupType(name)];
    const message = {
      status: { code: 1100, reason: 'r', extra_info: { is_input_error: 'true' } },
      schema: {
        name: 'c',
        fields: [
          { name: 'id', data_type: 5, is_primary_key: true, fieldID: '100' },
          { name: 'a', data_type: 22, element_type: 21, type_params: [{ key: 'max_capacity', value: '5' }] },
          { name: 'n', data_type: 5, default_value: { long_data: '7' } },
        ],
        functions: [{ name: 'f', type: 1, output_field_names: ['s'], params: [{ key: 'k', value: 'v' }] }],
        struct_array_fields: [{ name: 's', fields: [{ name: 'x', data_type: 22 }] }],
        enable_dynamic_field: true,
      },
      consistency_level: 2,
      update_timestamp: '461234567890123456',
      update_timestamp_str: '461234567890123456',
      start_positions: [{ key: 'k', data: Buffer.from([1, 2]) }],
    };
    const bytes = full.encode(full.fromObject(message)).finish();
    const options = { longs: String, enums: String, defaults: true, oneofs: true };
    expect(slim.toObject(slim.decode(bytes), options)).toEqual(full.toObject(full.decode(bytes), options));
    expect(Buffer.from(slim.encode(slim.fromObject(message)).finish())).toEqual(Buffer.from(bytes));
  });

  test('says so when the SDK no longer has what is called', () => {
    expect(() => pruneReflection(whole, ['Connect', 'Teleport'])).toThrow(/Teleport/);
  });
});

test('each replacement meets a file of the installed SDK, and replaces it by a module that loads', () => {
  const replaced: string[] = [];
  const files = [...new Bun.Glob('**/*.js').scanSync({ cwd: SDK, absolute: true })];
  const onLoad = ({ filter }: { filter: RegExp }, callback: OnLoadCallback) => {
    const found = files.filter(file => filter.test(file));
    expect(found.length, String(filter)).toBeGreaterThan(0);
    for (const path of found) {
      replaced.push(path);
      // biome-ignore lint/suspicious/noExplicitAny: of OnLoadArgs only the path is read
      const { contents } = callback({ path } as any) as { contents: string };
      const module = { exports: {} as Record<string, unknown> };
      new Function('exports', 'module', contents)(module.exports, module);
      // These go as a whole: only their own folders use them.
      if (/bulkwriter|HttpClient/.test(path)) continue;
      const original = [...readFileSync(path, 'utf8').matchAll(/^exports\.(\w+) = (?!void)/gm)].map(
        m => m[1]!,
      );
      for (const name of original) expect(module.exports, `${path} ${name}`).toHaveProperty(name);
    }
  };
  slimSdkPlugin.setup({ onLoad } as unknown as PluginBuilder);
  expect(replaced.length).toBe(7);
});
