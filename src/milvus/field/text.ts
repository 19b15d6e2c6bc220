// Text: a VarChar whose length may have no limit, and that no Array holds.
import { DataType } from '../wire/data-type.ts';
import type { FieldType } from './contract.ts';
import { nativeText, STRINGS, stringReader, takesString } from './varchar.ts';

export const text: FieldType = {
  type: DataType.Text,
  takes: takesString,
  reader: ({ name, maxLength }) => stringReader(name, 'Text', maxLength),
  codec: () => STRINGS,
  native: nativeText,
};
