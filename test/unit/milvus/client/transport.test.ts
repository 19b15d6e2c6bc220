import { describe, expect, test } from 'bun:test';
import { mapProxyName } from '@grpc/grpc-js/build/src/http_proxy';
import { proxyVariable } from '../../../../src/milvus/client/proxy.ts';
import type { MilvusSettings } from '../../../../src/milvus/client/settings.ts';
import { chooseTransport } from '../../../../src/milvus/client/transport.ts';
import { createLogger } from '../../../../src/observe/log.ts';

type Environment = Record<string, string>;
const PROXY = 'http://proxy:3128';

describe('a proxy of the environment', () => {
  const cases: [string, Environment, string | undefined][] = [
    ['milvus', {}, undefined],
    ['milvus', { grpc_proxy: PROXY, https_proxy: PROXY }, 'grpc_proxy'],
    ['milvus', { https_proxy: PROXY, http_proxy: PROXY }, 'https_proxy'],
    ['milvus', { http_proxy: PROXY }, 'http_proxy'],
    ['milvus', { HTTP_PROXY: PROXY }, undefined],
    ['milvus.local', { http_proxy: PROXY, no_proxy: 'local' }, undefined],
    ['milvus.local', { http_proxy: PROXY, no_proxy: 'a.b,milvus.local' }, undefined],
    ['milvus.local', { http_proxy: PROXY, no_proxy: 'other' }, 'http_proxy'],
    ['milvus.local', { http_proxy: PROXY, no_proxy: 'local', no_grpc_proxy: 'other' }, 'http_proxy'],
    ['milvus.local', { http_proxy: PROXY, no_proxy: 'a, milvus.local' }, 'http_proxy'],
    ['10.1.2.3', { http_proxy: PROXY, no_proxy: '10.0.0.0/8' }, undefined],
    ['10.1.2.3', { http_proxy: PROXY, no_proxy: '10.1.2.0/24,192.168.0.0/16' }, undefined],
    ['11.1.2.3', { http_proxy: PROXY, no_proxy: '10.0.0.0/8' }, 'http_proxy'],
    ['200.1.2.3', { http_proxy: PROXY, no_proxy: '200.0.0.0/5' }, undefined],
    ['10.1.2.3', { http_proxy: PROXY, no_proxy: '10.0.0.0/99' }, 'http_proxy'],
  ];

  test.each(cases)('%s with %j: %p, as grpc-js has it', (host, env, variable) => {
    expect(proxyVariable(host, env)).toBe(variable as never);
    const names = ['grpc_proxy', 'https_proxy', 'http_proxy', 'no_proxy', 'no_grpc_proxy'];
    const before = names.map(name => process.env[name]);
    for (const name of names) delete process.env[name];
    Object.assign(process.env, env);
    try {
      const { target } = mapProxyName({ scheme: 'dns', path: `${host}:19530` }, {});
      expect(target.path).toBe(variable === undefined ? `${host}:19530` : 'proxy:3128');
    } finally {
      names.forEach((name, i) => {
        if (before[i] === undefined) delete process.env[name];
        else process.env[name] = before[i];
      });
    }
  });
});

describe('the transport', () => {
  const choose = (transport: MilvusSettings['transport'], env: Environment) => {
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const log = createLogger({ level: 'info', format: 'text', now: () => new Date(0), write, mask: t => t });
    const settings = { transport, host: 'milvus', port: 1 } as MilvusSettings;
    return { transport: chooseTransport(settings, env, log), lines };
  };

  test('is the one of the settings', () => {
    for (const transport of ['native', 'grpc-js'] as const)
      expect(choose(transport, {})).toEqual({ transport, lines: [] });
  });

  test('is grpc-js by itself where there is a proxy, which is said without its address', () => {
    const { transport, lines } = choose('native', { https_proxy: 'http://user:secret@proxy:1' });
    expect(transport).toBe('grpc-js');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('https_proxy');
    expect(lines[0]).not.toContain('secret');
    expect(choose('grpc-js', { https_proxy: PROXY }).lines).toEqual([]);
  });
});
