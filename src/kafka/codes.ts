// librdkafka's error codes that have a name in our code (rdkafka.h rd_kafka_resp_err_t); failure.ts has the table of all.

export const CODE = {
  ALL_BROKERS_DOWN: -187,
  ASSIGN_PARTITIONS: -175,
  AUTHENTICATION: -169,
  AUTO_OFFSET_RESET: -140,
  DESTROY: -197,
  FATAL: -150,
  SSL: -181,
  TIMED_OUT: -185,
  TRANSPORT: -195,
  /** Also where the package has lost the code. */
  UNKNOWN: -1,
} as const;
