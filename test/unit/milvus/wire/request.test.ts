// Requests as they go out against an independent encoder: protobufjs with the SDK's own definitions.
import { describe, expect, test } from 'bun:test';
import milvusJson from '@zilliz/milvus2-sdk-node/dist/milvus/proto-json/milvus.base.js';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { RowQueue } from '../../../../src/deliver/row-queue.ts';
import { createRowMapper } from '../../../../src/map/row-mapper.ts';
import { makeRowPlan, nextPlanId } from '../../../../src/map/row-plan.ts';
import type { CollectionPlan } from '../../../../src/milvus/collection/plan.ts';
import type { CollectionSchema } from '../../../../src/milvus/collection/schema.ts';
import { bfloat16Bits } from '../../../../src/milvus/field/bfloat16-vector.ts';
import { typeOf } from '../../../../src/milvus/field/registry.ts';
import type { FieldSchema } from '../../../../src/milvus/field/schema.ts';
import { ABSENT, cellsOf } from '../../../../src/milvus/wire/cells.ts';
import { DataType } from '../../../../src/milvus/wire/data-type.ts';
import type { WriteTarget } from '../../../../src/milvus/wire/request.ts';
import { requestFrame } from '../../../../src/milvus/wire/request.ts';
import { Chunk } from '../../../../src/record/chunk.ts';
import { chunkOf, encodedRequest, ownedBy } from '../../../support/encoded.ts';
import { field, ID, RECORD, rowOf, schemaOf } from '../../../support/rows.ts';

const root = protobuf.Root.fromJSON(milvusJson as protobuf.INamespace);
const TYPES = {
  upsert: root.lookupType('milvus.proto.milvus.UpsertRequest'),
  insert: root.lookupType('milvus.proto.milvus.InsertRequest'),
};

/** A field type: how its values look in a record, and what must arrive of them. */
interface Kind {
  name: string;
  type: DataType;
  more?: Partial<FieldSchema>;
  arbitrary: fc.Arbitrary<unknown>;
  /** The array in FieldData, with the names of the proto. */
  slot: string;
  /** What one value becomes there. */
  sent: (value: never) => unknown;
}

const same = (value: unknown) => value;
const int64 = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 32n, -1, 0, 2 ** 31, 2 ** 32, -(2 ** 32), 127, 128),
);
const float = fc.float({ noNaN: true, noDefaultInfinity: true });
const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const unicode = fc.string({ unit: 'binary', maxLength: 200 });
const DIM = 8;
const floats = fc.array(float, { minLength: DIM, maxLength: DIM });
const small = (min: number, max: number, length = DIM) =>
  fc.array(fc.integer({ min, max }), { minLength: length, maxLength: length });
const sparse = fc.uniqueArray(
  fc.tuple(
    fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    fc.float({ min: 0, noNaN: true, noDefaultInfinity: true }),
  ),
  { selector: pair => pair[0], maxLength: 20 },
);
const bits = (write: (view: DataView, at: number, x: number) => void) => (values: number[]) => {
  const view = new DataView(new ArrayBuffer(values.length * 2));
  for (const [i, x] of values.entries()) write(view, i * 2, x);
  return [...new Uint8Array(view.buffer)];
};

const SCALARS: Kind[] = [
  { name: 'Bool', type: DataType.Bool, arbitrary: fc.boolean(), slot: 'boolData', sent: same },
  {
    name: 'Int8',
    type: DataType.Int8,
    arbitrary: fc.integer({ min: -128, max: 127 }),
    slot: 'intData',
    sent: same,
  },
  {
    name: 'Int16',
    type: DataType.Int16,
    arbitrary: fc.integer({ min: -32768, max: 32767 }),
    slot: 'intData',
    sent: same,
  },
  { name: 'Int32', type: DataType.Int32, arbitrary: fc.integer(), slot: 'intData', sent: same },
  { name: 'Int64', type: DataType.Int64, arbitrary: int64, slot: 'longData', sent: (v: number) => BigInt(v) },
  { name: 'Float', type: DataType.Float, arbitrary: float, slot: 'floatData', sent: same },
  { name: 'Double', type: DataType.Double, arbitrary: double, slot: 'doubleData', sent: same },
  { name: 'String', type: DataType.String, arbitrary: unicode, slot: 'stringData', sent: same },
  { name: 'VarChar', type: DataType.VarChar, arbitrary: unicode, slot: 'stringData', sent: same },
];

const KINDS: Kind[] = [
  ...SCALARS,
  { name: 'Text', type: DataType.Text, arbitrary: unicode, slot: 'stringData', sent: same },
  {
    name: 'Timestamptz',
    type: DataType.Timestamptz,
    arbitrary: fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map(d => d.toISOString()),
    slot: 'stringData',
    sent: same,
  },
  { name: 'Geometry', type: DataType.Geometry, arbitrary: unicode, slot: 'geometryWktData', sent: same },
  {
    name: 'JSON',
    type: DataType.JSON,
    arbitrary: fc.jsonValue().filter(value => value !== null),
    slot: 'jsonData',
    sent: (value: unknown) => [...Buffer.from(JSON.stringify(value))],
  },
  ...SCALARS.map(element => ({
    name: `Array<${element.name}>`,
    type: DataType.Array,
    more: { elementType: element.type, maxCapacity: 30 },
    arbitrary: fc.array(element.arbitrary, { maxLength: 30 }),
    slot: 'arrayData',
    sent: (values: never[]) => ({ slot: element.slot, values: values.map(element.sent) }),
  })),
  {
    name: 'FloatVector',
    type: DataType.FloatVector,
    more: { dim: DIM },
    arbitrary: fc.oneof(
      floats,
      floats.map(values => Float32Array.from(values)),
    ),
    slot: 'floatVector',
    sent: (values: ArrayLike<number>) => Array.from(values),
  },
  {
    name: 'BinaryVector',
    type: DataType.BinaryVector,
    more: { dim: DIM * 8 },
    arbitrary: small(0, 255),
    slot: 'binaryVector',
    sent: same,
  },
  {
    name: 'Float16Vector',
    type: DataType.Float16Vector,
    more: { dim: DIM },
    arbitrary: fc.array(fc.double({ min: -65519, max: 65519, noNaN: true }), {
      minLength: DIM,
      maxLength: DIM,
    }),
    slot: 'float16Vector',
    sent: bits((view, at, x) => view.setFloat16(at, x, true)),
  },
  {
    name: 'BFloat16Vector',
    type: DataType.BFloat16Vector,
    more: { dim: DIM },
    arbitrary: fc.array(fc.double({ min: -3.38e38, max: 3.38e38, noNaN: true }), {
      minLength: DIM,
      maxLength: DIM,
    }),
    slot: 'bfloat16Vector',
    sent: bits((view, at, x) => view.setUint16(at, bfloat16Bits(x), true)),
  },
  {
    name: 'Int8Vector',
    type: DataType.Int8Vector,
    more: { dim: DIM },
    arbitrary: small(-128, 127),
    slot: 'int8Vector',
    sent: (values: number[]) => [...Uint8Array.from(values)],
  },
  {
    name: 'SparseFloatVector',
    type: DataType.SparseFloatVector,
    arbitrary: fc.oneof(
      sparse,
      sparse.map(pairs => Object.fromEntries(pairs)),
      sparse.map(pairs => ({ indices: pairs.map(pair => pair[0]), values: pairs.map(pair => pair[1]) })),
    ),
    slot: 'sparseFloatVector',
    sent: (value: object) => sparseBytes(value),
  },
];

test('each type that is written is one of these', () => {
  const written = Object.values(DataType).filter(type => typeOf(field('f', type)));
  expect(written.filter(type => !KINDS.some(kind => kind.type === type))).toEqual([]);
});

describe.each(KINDS)('$name', kind => {
  test('arrives as it was, and protobufjs writes the same bytes', () => {
    const one = field('f', kind.type, kind.more);
    fc.assert(
      fc.property(fc.array(kind.arbitrary, { minLength: 1, maxLength: 20 }), values => {
        const { decoded } = roundTrip(
          schemaOf([ID, one]),
          values.map((f, id) => ({ id, f })),
        );
        const column = decoded.fieldsData[1]!;
        expect(column).toMatchObject({ fieldName: 'f', type: kind.type, validData: [], isDynamic: false });
        expect(content(column, kind)).toEqual(values.map(value => kind.sent(value as never)));
      }),
      { numRuns: 60 },
    );
  });

  test('with nulls it carries valid_data, and the values that are there', () => {
    const one = field('f', kind.type, { ...kind.more, nullable: true });
    fc.assert(
      fc.property(
        fc.array(fc.option(kind.arbitrary, { nil: null }), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        (values, omit) => {
          const records = values.map((f, id) => (f === null && omit ? { id } : { id, f }));
          const { decoded } = roundTrip(schemaOf([ID, one]), records);
          const column = decoded.fieldsData[1]!;
          expect(column.validData).toEqual(values.map(value => value !== null));
          const present = values.filter(value => value !== null);
          expect(content(column, kind)).toEqual(present.map(value => kind.sent(value as never)));
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('all types side by side, with $meta, in any number of rows', () => {
  const schema = schemaOf([ID, ...KINDS.map((kind, i) => field(`f${i}`, kind.type, kind.more))], {
    dynamic: true,
  });
  const record = fc
    .tuple(
      fc.tuple(...KINDS.map(kind => kind.arbitrary)),
      fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue()),
    )
    .map(([values, extra]) => ({
      ...extra,
      ...Object.fromEntries(values.map((value, i) => [`f${i}`, value])),
    }))
    .filter(value => !('$meta' in value) && !('id' in value));
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 300, size: 'small' }), records => {
      const { decoded } = roundTrip(
        schema,
        records.map((value, id) => ({ ...value, id })),
      );
      expect(decoded.fieldsData).toHaveLength(KINDS.length + 2);
      KINDS.forEach((kind, i) => {
        const sent = records.map(value => kind.sent((value as Record<string, unknown>)[`f${i}`] as never));
        expect(content(decoded.fieldsData[i + 1]!, kind)).toEqual(sent);
      });
      const meta = decoded.fieldsData.at(-1)!;
      expect(meta).toMatchObject({ fieldName: '$meta', type: DataType.JSON, isDynamic: true });
      const texts = meta.scalars!.jsonData!.data.map(bytes =>
        Object.keys(JSON.parse(Buffer.from(bytes as never).toString())),
      );
      expect(texts.map(keys => keys.sort())).toEqual(
        records.map(value =>
          Object.keys(value)
            .filter(name => !/^f\d+$/.test(name))
            .sort(),
        ),
      );
    }),
    { numRuns: 30 },
  );
});

describe('the request', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, id) => ({ id }));

  test.each(['upsert', 'insert'] as const)('%s: names, rows and timestamp', operation => {
    fc.assert(
      fc.property(
        unicode,
        unicode,
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        fc.integer({ min: 1, max: 300 }),
        (...all) => {
          const [database, collection, schemaTimestamp, count] = all;
          const target = { database, collection, schemaTimestamp };
          const { decoded } = roundTrip(schemaOf([ID]), rows(count), { operation, target });
          expect(decoded).toMatchObject({
            dbName: database,
            collectionName: collection,
            partitionName: '',
            numRows: count,
          });
          expect(BigInt(String(decoded.schemaTimestamp))).toBe(schemaTimestamp);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a column that lacks a required value is never sent short', () => {
    const { plan } = mapperFor(schemaOf([ID, field('title', DataType.VarChar, { maxLength: 9 })]));
    const lacking = (column: string) => `column "${column}" lacks a value that its rows must have`;
    expect(() => cellsOf(plan.columns, [[1, 'a'], [2]])).toThrow(new TypeError(lacking('title')));
    const made = rowPlan(plan);
    const chunk = Chunk.of([RECORD, { ...RECORD, offset: 43 }]);
    // The key is what the queue goes by: without it there is no row at all.
    const keyless = { lengths: Uint32Array.of(ABSENT, 2), bytes: Uint8Array.of(0x0a, 0) };
    expect(() => chunk.adopt(made.handle, [0], keyless)).toThrow(lacking('id'));
    expect(chunk.notRows().declined).toEqual([0, 1]);
    const short = { lengths: Uint32Array.of(1, 2, 1, ABSENT), bytes: Uint8Array.of(1, 0x0a, 0, 2) };
    chunk.adopt(made.handle, [0, 1], short);
    expect(() => encode(chunk, made)).toThrow(lacking('title'));
  });

  test('a row that was made for other columns is never sent: its values would land in the wrong fields', () => {
    const options = { insertMode: 'upsert', jsonMaxBytes: 65_536, onDropped: () => {} } as const;
    const schema = schemaOf([
      ID,
      field('title', DataType.VarChar, { maxLength: 9 }),
      field('link', DataType.VarChar, { maxLength: 9 }),
    ]);
    const [id, title, link] = schema.fields as [FieldSchema, FieldSchema, FieldSchema];
    const before = createRowMapper(schema, options);
    const after = createRowMapper({ ...schema, fields: [id, link, title] }, options);
    const { values } = rowOf(before.map({ id: 1, title: 'title', link: 'link' }, RECORD));
    const chunk = chunkOf(rowPlan(before.plan), before.plan.columns, [values]);
    expect(() => encode(chunk, rowPlan(after.plan))).toThrow('another schema');
  });

  test('one such row among others is enough, and a plan of the same columns is another one all the same', () => {
    const { plan } = mapperFor(schemaOf([ID]));
    const [now, before] = [rowPlan(plan), rowPlan(plan)];
    const chunk = Chunk.of([0, 1, 2].map(offset => ({ ...RECORD, offset })));
    chunk.adopt(now.handle, [0, 2], cellsOf(plan.columns, [[1], [3]]));
    chunk.adopt(before.handle, [1], cellsOf(plan.columns, [[2]]));
    expect(() => encode(chunk, now)).toThrow('another schema');
  });

  test('of a large batch is whole, and so are those that use its memory again', () => {
    const vector = field('v', DataType.FloatVector, { dim: 768 });
    const text = field('s', DataType.VarChar, { maxLength: 99, nullable: true });
    for (const count of [1500, 2, 1499]) {
      const records = Array.from({ length: count }, (_, id) => ({
        id,
        v: Array.from({ length: 768 }, (_, i) => Math.fround(id + i / 1024)),
        ...(id % 3 > 0 && { s: `text ${id}` }),
      }));
      const { decoded } = roundTrip(schemaOf([ID, vector, text]), records);
      const [ids, vectors, texts] = decoded.fieldsData;
      expect(plain(ids!.scalars!.longData!.data)).toEqual(records.map(({ id }) => BigInt(id)));
      const sent = Float32Array.from((vectors!.vectors!.floatVector as { data: number[] }).data);
      expect(sent).toEqual(Float32Array.from(records.flatMap(({ v }) => v)));
      expect(texts!.scalars!.stringData!.data).toEqual(records.flatMap(({ s }) => s ?? []));
    }
  });

  test('has nothing for a column without values but what its type has in any case', () => {
    const columns: [DataType, Partial<FieldSchema>][] = [
      [DataType.Int64, {}],
      [DataType.VarChar, {}],
      [DataType.Array, { elementType: DataType.Double, maxCapacity: 3 }],
      [DataType.FloatVector, { dim: DIM }],
      [DataType.SparseFloatVector, {}],
    ];
    const fields = columns.map(([type, more], i) => field(`f${i}`, type, { ...more, nullable: true }));
    const { decoded } = roundTrip(schemaOf([ID, ...fields]), rows(3));
    const [, longs, texts, arrays, vectors, sparsed] = decoded.fieldsData;
    for (const { validData } of decoded.fieldsData.slice(1)) expect(validData).toEqual([false, false, false]);
    expect(longs!.scalars!.longData!.data).toEqual([]);
    expect(texts!.scalars!.stringData!.data).toEqual([]);
    expect(arrays!.scalars!.arrayData).toMatchObject({ data: [], elementType: DataType.Double });
    expect(Number(vectors!.vectors!.dim)).toBe(DIM);
    expect(sparsed!.vectors!.sparseFloatVector).toMatchObject({ contents: [] });
  });

  test("has the element type of an Array's column, and a sparse one's dim, behind their rows", () => {
    const schema = schemaOf([
      ID,
      field('a', DataType.Array, { elementType: DataType.Int8, maxCapacity: 3 }),
      field('s', DataType.SparseFloatVector),
    ]);
    const dim = (column: FieldData) => Number((column.vectors!.sparseFloatVector as { dim: unknown }).dim);
    const { decoded } = roundTrip(schema, [
      { id: 1, a: [], s: { '7': 1 } },
      { id: 2, a: [1, 2], s: { '4294967294': 1, '3': 2 } },
      { id: 3, a: [], s: {} },
    ]);
    expect(decoded.fieldsData[1]!.scalars!.arrayData).toMatchObject({ elementType: DataType.Int8 });
    expect(dim(decoded.fieldsData[2]!)).toBe(2 ** 32 - 1);
    expect(dim(roundTrip(schema, [{ id: 1, a: [], s: {} }]).decoded.fieldsData[2]!)).toBe(0);
  });

  test('is little more than the bytes of its rows, by which batches are cut', () => {
    const schema = schemaOf([ID, ...KINDS.map((kind, i) => field(`f${i}`, kind.type, kind.more))], {
      dynamic: true,
    });
    const { plan, map } = mapperFor(schema);
    const record = fc.tuple(...KINDS.map(kind => kind.arbitrary));
    fc.assert(
      fc.property(fc.array(record, { minLength: 50, maxLength: 50 }), tuples => {
        const values = tuples.map((tuple, id) => {
          const fields = Object.fromEntries(tuple.map((value, i) => [`f${i}`, value]));
          return rowOf(map({ id, ...fields }, RECORD, 'integers')).values;
        });
        const made = rowPlan(plan);
        const queue = new RowQueue();
        const chunk = chunkOf(made, plan.columns, values);
        queue.add(chunk, ownedBy(chunk, 1), 50);
        const batch = queue.take(100, 1e9)!;
        const { size } = queue.encode(batch, made.handle, requestFrame(schema));
        expect(size).toBeGreaterThan(batch.bytes);
        expect(size).toBeLessThan(batch.bytes + plan.columns.length * 40);
      }),
      { numRuns: 20 },
    );
  });

  test('what a batch is said to have is the bytes of its cells', () => {
    const { plan } = createRowMapper(schemaOf([ID]), {
      insertMode: 'upsert',
      jsonMaxBytes: 65_536,
      onDropped: () => {},
    });
    const queue = new RowQueue();
    const chunk = chunkOf(rowPlan(plan), plan.columns, [[1], [300], [-1]]);
    queue.add(chunk, ownedBy(chunk, 1), 3);
    expect(queue.take(10, 1000)).toMatchObject({ rows: 3, taken: 3, bytes: 1 + 2 + 10 });
  });
});

// --- internal ---

function mapperFor(schema: CollectionSchema) {
  return createRowMapper(schema, { insertMode: 'upsert', jsonMaxBytes: 65_536, onDropped: () => {} });
}

function rowPlan(plan: CollectionPlan) {
  return makeRowPlan(nextPlanId(), plan, { keys: undefined, dropped: [] });
}

function encode(chunk: Chunk, plan: ReturnType<typeof rowPlan>) {
  const queue = new RowQueue();
  queue.add(chunk, ownedBy(chunk, 1), chunk.length);
  return queue.encode(queue.take(10, 1e6)!, plan.handle, requestFrame({ database: '', collection: 'c' }));
}

interface FieldData {
  fieldName: string;
  type: number;
  isDynamic: boolean;
  validData: boolean[];
  scalars?: Record<string, { data: unknown[] }> | null;
  vectors?: (Record<string, unknown> & { dim: unknown }) | null;
}

interface Request {
  dbName: string;
  collectionName: string;
  partitionName: string;
  fieldsData: FieldData[];
  numRows: number;
  schemaTimestamp: unknown;
}

function roundTrip(
  schema: CollectionSchema,
  records: Record<string, unknown>[],
  how: { operation?: 'upsert' | 'insert'; target?: WriteTarget } = {},
): { decoded: Request } {
  const { operation = 'upsert', target = schema } = how;
  const mapper = createRowMapper(schema, {
    insertMode: operation,
    jsonMaxBytes: 65_536,
    onDropped: () => {},
  });
  const rows = records.map(value => rowOf(mapper.map(value, RECORD, 'integers')).values);
  const bytes = encodedRequest(target, mapper.plan, rows);
  const message = TYPES[operation].decode(bytes);
  expect(Buffer.from(TYPES[operation].encode(message).finish()).equals(bytes)).toBe(true);
  const decoded = message as unknown as Request;
  expect(decoded.numRows).toBe(records.length);
  return { decoded };
}

/** A column's values as plain JavaScript. */
function content(column: FieldData, kind: Kind): unknown[] {
  const { vectors } = column;
  if (!vectors) return plain(column.scalars![kind.slot]!.data);
  if (kind.slot === 'sparseFloatVector') {
    const { contents, dim } = vectors[kind.slot] as { contents: Uint8Array[]; dim: unknown };
    const top = contents.map(row =>
      row.length ? new DataView(row.buffer, row.byteOffset).getUint32(row.length - 8, true) : -1,
    );
    expect(Number(dim)).toBe(Math.max(-1, ...top) + 1);
    return plain(contents);
  }
  expect(Number(vectors.dim)).toBe(kind.more!.dim!);
  const data = vectors[kind.slot] as { data: number[] } | Uint8Array;
  const flat = data instanceof Uint8Array ? [...data] : data.data;
  const width =
    kind.slot === 'binaryVector'
      ? DIM
      : data instanceof Uint8Array && kind.slot !== 'int8Vector'
        ? DIM * 2
        : DIM;
  return Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
}

function plain(values: unknown[]): unknown[] {
  return values.map(value => {
    if (value instanceof Uint8Array) return [...value];
    if (typeof value !== 'object' || value === null) return value;
    if ('unsigned' in value) return BigInt(String(value));
    const [slot, inner] = Object.entries(value).find(([, array]) => array !== null) as [
      string,
      { data: unknown[] },
    ];
    return { slot, values: plain(inner.data) };
  });
}

function sparseBytes(value: object): number[] {
  const { indices, values } = value as { indices?: number[]; values?: number[] };
  const pairs: [number, number][] = Array.isArray(value)
    ? value
    : indices
      ? indices.map((index, i) => [index, values![i]!])
      : Object.entries(value).map(([index, weight]) => [Number(index), weight]);
  const sorted = [...pairs].sort((a, b) => a[0] - b[0]);
  const view = new DataView(new ArrayBuffer(sorted.length * 8));
  sorted.forEach(([index, weight], i) => {
    view.setUint32(i * 8, index, true);
    view.setFloat32(i * 8 + 4, weight, true);
  });
  return [...new Uint8Array(view.buffer)];
}
