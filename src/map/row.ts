// A row: one record's values, checked against the collection's schema and ready to become cells.

export interface Row {
  /** One checked value per column of the plan, same index; undefined: absent (null or default). */
  readonly values: readonly unknown[];
}
