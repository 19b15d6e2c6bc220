// The converters of a connector, as its configuration names them: plain data that registry.ts makes converters of.

export interface ConverterSettings {
  /** One that registry.ts lists; for keys also one that is not in this release. */
  javaClass: string;
  /** Values of the options that are set, by their names, as the declaration's schemas give them. */
  options: Readonly<Record<string, unknown>>;
}
