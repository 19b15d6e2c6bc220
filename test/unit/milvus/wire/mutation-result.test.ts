import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { protocol } from '../../../../scripts/stack/fake-milvus-protocol.ts';
import { decodeMutationResult } from '../../../../src/milvus/wire/mutation-result.ts';

const { response: MutationResult } = protocol().methods.get('Upsert')!;
const GetVersion = protocol().methods.get('GetVersion')!.response;
const encode = (message: Record<string, unknown>) =>
  MutationResult.encode(MutationResult.fromObject(message)).finish();

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const text = fc.string({ unit: 'grapheme', maxLength: 40 });

describe('decodeMutationResult', () => {
  test("reads what the SDK's definitions write", () => {
    fc.assert(
      fc.property(
        fc.record({
          error_code: fc.constantFrom(0, 1, 4, 5, 49, 62, 1000),
          code: int32,
          reason: text,
          detail: text,
          retriable: fc.boolean(),
          input: fc.option(fc.boolean(), { nil: undefined }),
          upsert_cnt: count,
          insert_cnt: count,
          delete_cnt: count,
          err_index: fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { maxLength: 5 }),
          succ_index: fc.array(fc.nat(), { maxLength: 5 }),
          keys: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 5 }),
          timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        }),
        message => {
          const { error_code, code, reason, detail, retriable, input } = message;
          const extra_info = {
            other: 'x',
            ...(input === undefined ? {} : { is_input_error: String(input) }),
          };
          const decoded = decodeMutationResult(
            encode({
              status: { error_code, code, reason, detail, retriable, extra_info },
              IDs: { int_id: { data: message.keys.map(String) } },
              succ_index: message.succ_index,
              err_index: message.err_index,
              acknowledged: true,
              insert_cnt: String(message.insert_cnt),
              delete_cnt: String(message.delete_cnt),
              upsert_cnt: String(message.upsert_cnt),
              timestamp: String(message.timestamp),
            }),
          );
          expect(decoded).toEqual({
            status: { errorCode: error_code, code, reason, detail, retriable, inputError: input === true },
            insertCount: message.insert_cnt,
            upsertCount: message.upsert_cnt,
            errorIndex: message.err_index,
          });
        },
      ),
      { numRuns: 500 },
    );
  });

  test('an empty message is a success without rows', () => {
    expect(decodeMutationResult(new Uint8Array(0)).status).toMatchObject({ code: 0, errorCode: 0 });
  });

  test('fields that a newer server adds are skipped, in the result and in its status', () => {
    const status = Buffer.from([
      0x18, 0x08, 0x7a, 0x01, 0x61, 0xa5, 0x06, 1, 2, 3, 4, 0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    const message = Buffer.concat([
      Buffer.from([0xa0, 0x06, 0xff, 0xff, 0x03, 0x0a, status.length]),
      status,
      Buffer.from([0x40, 0x05, 0xaa, 0x06, 0x02, 1, 2]),
    ]);
    const decoded = decodeMutationResult(message);
    expect(decoded.status.code).toBe(8);
    expect(decoded.upsertCount).toBe(5);
  });

  test('reads the status of other answers', () => {
    const bytes = GetVersion.encode(
      GetVersion.fromObject({ status: { code: 1400, error_code: 1, reason: 'no' }, version: 'v2' }),
    ).finish();
    expect(decodeMutationResult(bytes).status).toMatchObject({ code: 1400, reason: 'no' });
  });

  test('bytes that are no message throw a RangeError, and never hang or read past the end', () => {
    expect(() => decodeMutationResult(Uint8Array.from([0x0a, 0x7f]))).toThrow(RangeError);
    expect(() => decodeMutationResult(new Uint8Array(20).fill(0xff))).toThrow(RangeError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          expect(decodeMutationResult(bytes).status).toBeDefined();
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
