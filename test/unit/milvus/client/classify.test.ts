import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { classifyGrpc, classifyStatus } from '../../../../src/milvus/client/classify.ts';
import type { Failure, FailureKind } from '../../../../src/milvus/client/failure.ts';
import type { MilvusStatus } from '../../../../src/milvus/wire/status.ts';

const status = (fields: Partial<MilvusStatus>): MilvusStatus => ({
  errorCode: 0,
  code: 0,
  reason: '',
  detail: '',
  retriable: false,
  inputError: false,
  ...fields,
});

const of = (fields: Partial<MilvusStatus>): [FailureKind, string] => {
  const failure = classifyStatus(status(fields))!;
  return [failure.kind, failure.label];
};

const STATUS_1001 = { errorCode: 1, code: 1001, reason: '', detail: '', retriable: false, inputError: false };

describe('a status of Milvus 2.3 and later', () => {
  test('0 and 0 is a success', () => {
    expect(classifyStatus(status({}))).toBeUndefined();
    expect(classifyStatus(status({ reason: 'words do not matter' }))).toBeUndefined();
  });

  // [code, old enum, kind]: section "Milvus facts that bite" of Milvus' pkg/util/merr.
  const codes: [number, number, FailureKind][] = [
    [1, 56, 'retry'],
    [2, 1, 'retry'],
    [3, 52, 'full'],
    [4, 1, 'overloaded'],
    [5, 1, 'retry'],
    [6, 1, 'refused'],
    [7, 54, 'full'],
    [8, 49, 'overloaded'],
    [9, 48, 'full'],
    [10, 1, 'refused'],
    [11, 55, 'full'],
    [12, 1, 'overloaded'],
    [100, 4, 'refused'],
    [103, 1, 'retry'],
    [106, 1, 'retry'],
    [108, 1, 'refused'],
    [109, 62, 'schemaChanged'],
    [110, 1, 'retry'],
    [202, 1, 'retry'],
    [305, 1, 'retry'],
    [503, 46, 'retry'],
    [800, 1, 'refused'],
    [901, 1, 'retry'],
    [1002, 1, 'retry'],
    [1100, 5, 'badRow'],
    [1101, 1, 'badRow'],
    [1102, 1, 'badRow'],
    [1302, 1, 'retry'],
    [1400, 1, 'refused'],
    [1401, 1, 'refused'],
    [1804, 1, 'badRow'],
    [1807, 1, 'overloaded'],
    [10001, 1, 'retry'],
    [65535, 1, 'unknown'],
  ];
  test.each(codes)('code %d with error_code %d is %s', (code, errorCode, kind) => {
    expect(of({ code, errorCode, reason: 'x' })[0]).toBe(kind);
  });

  test('1102 is a request too large as a whole, which halves, or one row that no halving makes smaller', () => {
    const tooLarge = (reason: string) =>
      classifyStatus(
        status({
          code: 1102,
          errorCode: 1,
          inputError: true,
          reason: `parameter too large[message=${reason}]`,
        }),
      );
    expect(tooLarge('insert request size exceeds maxInsertSize')).toMatchObject({
      kind: 'tooLarge',
      label: 'max_insert_size',
      errorCode: 'MILVUS_ROW_TOO_LARGE',
      fix: expect.stringContaining('quotaAndLimits.limits.maxInsertSize'),
    });
    const message =
      'insert message size 9 exceeds max message size 8 after adding streaming headers; reduce insert batch size';
    expect(of({ code: 1100, errorCode: 5, inputError: true, reason: message })[0]).toBe('tooLarge');
    for (const reason of [
      'single row at offset 3 is too large to fit in one WAL message: estimated size=9 bytes, limit=8 bytes',
      'single partial update row exceeds max message size',
      'something else',
    ])
      expect(tooLarge(reason)).toMatchObject({ kind: 'badRow', label: 'parameter_too_large' });
  });

  test.each([
    [100, 'refused'],
    [109, 'schemaChanged'],
    [1400, 'refused'],
  ] as const)('code %d is %s although newer servers flag it as input error too', (code, kind) => {
    expect(of({ code, errorCode: 1, inputError: true })[0]).toBe(kind);
  });

  test('a JSON value that 2.3 cannot take is a bad row, any other failed IO passes', () => {
    const io = (reason: string) => classifyStatus({ ...STATUS_1001, reason })?.kind;
    expect(io('IO failed: json: cannot unmarshal array into Go value of type map[string]interface {}')).toBe(
      'badRow',
    );
    expect(io('IO failed: read /data: input/output error')).toBe('retry');
  });

  test('an unknown code follows the flags of the server', () => {
    expect(of({ code: 7777, errorCode: 1, inputError: true })).toEqual(['badRow', 'input_error']);
    expect(of({ code: 7777, errorCode: 1, retriable: true })).toEqual(['retry', 'retriable']);
    expect(of({ code: 7777, errorCode: 1 })).toEqual(['unknown', 'unexpected']);
  });

  test.each([
    // As Milvus 2.3.5 answered.
    ["value 'NaN' is not a number or infinity", 'badRow'],
    ['the length(3) of float data should divide the dim(4)', 'badRow'],
    ["can't find collection collection not found[database=default][collection=x]", 'refused'],
    ['quota exceeded[reason=disk]', 'full'],
    ['some new trouble', 'unknown'],
  ] as const)('65535 %p is %s by its words', (reason, kind) => {
    expect(of({ code: 65535, errorCode: 1, reason })[0]).toBe(kind);
  });
});

describe('servers before 2.3, which fill error_code alone', () => {
  test.each([
    [4, 'refused'],
    [5, 'badRow'],
    [7, 'badRow'],
    [48, 'full'],
    [49, 'overloaded'],
    [51, 'refused'],
    [53, 'full'],
    [54, 'full'],
    [55, 'full'],
    [56, 'retry'],
    [100, 'retry'],
    [1, 'unknown'],
    [999, 'unknown'],
  ] as const)('error_code %d is %s', (errorCode, kind) => {
    expect(of({ errorCode, reason: 'x' })[0]).toBe(kind);
  });
});

describe('milvus-lite 3', () => {
  test('its illegal argument (6, 6) is a bad row, and not cross cluster routing', () => {
    const reason = "VARCHAR field 'title' value length 12 exceeds max_length=8";
    expect(of({ code: 6, errorCode: 6, reason })).toEqual(['badRow', 'invalid_parameter']);
  });

  test('unless it is the database that is missing', () => {
    const failure = classifyStatus(status({ code: 6, errorCode: 6, reason: "database 'x' does not exist" }))!;
    expect(failure.kind).toBe('refused');
    expect(failure.error('h:1').code).toBe('MILVUS_DATABASE_MISSING');
  });

  test('an exception of Python (1, 1) is not "service not ready"', () => {
    expect(of({ code: 1, errorCode: 1, reason: "'NoneType' object" })).toEqual(['unknown', 'unexpected']);
    expect(of({ code: 1, errorCode: 56, retriable: true })).toEqual(['retry', 'not_ready']);
  });
});

describe('a call that gRPC ended', () => {
  test.each([
    [1, 'cancelled', 'retry'],
    [2, 'panic', 'unknown'],
    [2, 'Received HTTP status code 500', 'retry'],
    [3, 'bad', 'badRow'],
    [4, 'Deadline exceeded after 5s', 'retry'],
    [7, 'PrivilegeInsert: permission deny', 'refused'],
    [8, 'grpc: received message larger than max (73400413 vs. 67108864)', 'tooLarge'],
    [8, 'Received message larger than max (73400336 vs 4194304)', 'tooLarge'],
    [8, 'rate limit exceeded', 'overloaded'],
    [8, 'Bandwidth exhausted or memory limit exceeded', 'overloaded'],
    [12, 'unknown method Upsert for service', 'refused'],
    [12, 'Received HTTP status code 404', 'retry'],
    [13, 'Received RST_STREAM with code 2 (Internal server error)', 'retry'],
    [13, 'grpc: error unmarshalling request: proto: cannot parse', 'badRow'],
    [13, 'Exception deserializing request!', 'badRow'],
    [14, 'Received HTTP status code 503', 'retry'],
    [14, 'Received HTTP status code 502', 'retry'],
    [14, 'Received HTTP status code 429', 'overloaded'],
    [14, 'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1', 'retry'],
    [16, 'auth check failure, please check username and password are correct', 'refused'],
  ] as const)('%d %p is %s', (code, details, kind) => {
    expect(classifyGrpc({ code, details }).kind).toBe(kind);
  });

  test.each([
    [
      'No connection established. Last error: Error: connect ECONNREFUSED ::1:1',
      'connect ECONNREFUSED ::1:1',
    ],
    [
      'No connection established. Last error: Failed to connect (2026-11-22T20:11:37.487Z). Resolution note: ',
      'Failed to connect',
    ],
    ['Connection dropped', 'Connection dropped'],
  ])('%p is told in plain words', (details, reason) => {
    expect(classifyGrpc({ code: 14, details }).reason).toBe(reason);
  });

  test('a proxy that wants credentials is an authentication error, whatever its body', () => {
    const failure = classifyGrpc({ code: 16, details: 'Received HTTP status code 401' });
    expect(failure.error().code).toBe('MILVUS_AUTH');
  });

  test.each([
    'self signed certificate',
    'self-signed certificate in certificate chain',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'unable to verify the first certificate',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'unable to get local issuer certificate',
  ])('%s: the fix names the key for the authority', details => {
    const failure = classifyGrpc({ code: 14, details });
    expect(failure).toMatchObject({ kind: 'retry', label: 'tls' });
    expect(failure.fix).toContain('`milvus.tls.ca.location`');
  });

  test('says what a wrong scheme and a bad certificate mean', () => {
    const scheme = classifyGrpc({ code: 14, details: 'OPENSSL_internal:WRONG_VERSION_NUMBER' });
    expect(scheme).toMatchObject({ kind: 'retry', label: 'tls', fix: expect.stringContaining('http://') });
    const name = classifyGrpc({ code: 14, details: "does not match certificate's altnames: Host: x" });
    expect(name).toMatchObject({ kind: 'retry', label: 'tls', fix: expect.stringContaining('certificate') });
  });
});

describe('what becomes of a failure', () => {
  const error = (failure: Failure | undefined) => failure!.error('milvus:19530');

  test('refusals end with exit code 3, a stable code and what to do', () => {
    for (const [fields, code] of [
      [{ code: 100, errorCode: 4 }, 'MILVUS_COLLECTION_MISSING'],
      [{ code: 800, errorCode: 1 }, 'MILVUS_DATABASE_MISSING'],
      [{ code: 1400, errorCode: 1 }, 'MILVUS_AUTH'],
      [{ code: 1401, errorCode: 1 }, 'MILVUS_AUTH'],
    ] as const) {
      const ended = error(classifyStatus(status(fields)));
      expect(ended).toMatchObject({ code, kind: 'milvus' });
      expect(ended.details.fix).toBeString();
      expect(ended.details.where).toBe('milvus:19530');
    }
  });

  test('content is a matter of the record', () => {
    expect(error(classifyStatus(status({ code: 1100, errorCode: 5 }))).kind).toBe('record');
    expect(error(classifyGrpc({ code: 8, details: 'larger than max' })).kind).toBe('record');
  });

  test('labels are few and reasons are short, whatever a server sends', () => {
    const labels = new Set<string>();
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer(),
        fc.string({ maxLength: 3000 }),
        fc.boolean(),
        fc.boolean(),
        (code, errorCode, reason, retriable, inputError) => {
          const answers = [
            classifyStatus(status({ code, errorCode, reason, retriable, inputError })),
            classifyGrpc({ code, details: reason }),
            classifyGrpc({
              code: code % 17,
              details: `Received HTTP status code ${Math.abs(errorCode) % 1000}`,
            }),
          ];
          for (const failure of answers) {
            if (!failure) continue;
            labels.add(failure.label);
            expect(failure.label).toMatch(/^[a-z0-9_]{1,32}$/);
            expect(failure.reason.length).toBeLessThan(700);
            expect(failure.reason).not.toBe('');
          }
        },
      ),
      { numRuns: 2000 },
    );
    expect(labels.size).toBeLessThan(70);
  });
});
