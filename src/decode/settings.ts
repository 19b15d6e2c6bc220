// The converters of a connector, as its configuration names them.

/** Converters of this release, by the role their Java class plays. */
export type ConverterSettings =
  | {
      kind: 'json';
      javaClass: string;
      schemasEnable: boolean;
      replaceNullWithDefault: boolean;
      decimalFormat: 'BASE64' | 'NUMERIC';
    }
  | { kind: 'string'; javaClass: string; encoding: string };

/** `unused`: a key's converter that is not in this release. Keys are not used, so they are not looked at. */
export type KeyConverterSettings = ConverterSettings | { kind: 'unused'; javaClass: string };
