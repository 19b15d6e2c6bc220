// Geometry, as well-known text.
import { strings } from '../wire/arrays.ts';
import { DataType } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { stringReader } from './varchar.ts';

/** Takes a string; whether it is well-known text is the server's to say. */
export const geometry: FieldType = {
  type: DataType.Geometry,
  takes: () => 'well-known text',
  reader: ({ name }) => stringReader(name, 'Geometry, well-known text', undefined, { stringsOnly: true }),
  codec: () => CODEC,
};

// --- internal ---

/** GeometryWktArray of ScalarField. */
const CODEC = strings(0x62);
