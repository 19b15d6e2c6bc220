// The properties that librdkafka 2.15.1 knows, with their ranges, so that a bad one is told at start with its line.

import type { PropertyType } from './property-value.ts';

export interface KafkaProperty {
  /** `*` both, `C` consumer, `P` producer. */
  scope: '*' | 'C' | 'P';
  type: PropertyType;
}

/** One property; undefined for a name that librdkafka lacks. */
export function kafkaProperty(name: string): KafkaProperty | undefined {
  return PROPERTIES.get(name);
}

export function kafkaPropertyNames(): Iterable<string> {
  return PROPERTIES.keys();
}

// --- internal ---

/**
 * From librdkafka's CONFIGURATION.md (a unit test compares them): name, scope, type. Callbacks are left out.
 * fetch.min.bytes has the range that a consumer enforces, not the documented one.
 */
const LIST = `
acks P int -1 1000
allow.auto.create.topics * bool
api.version.fallback.ms * int 0 604800000
api.version.request * bool
api.version.request.timeout.ms * int 1 300000
auto.commit.enable C bool
auto.commit.interval.ms C int 0 86400000
auto.offset.reset C enum smallest,earliest,beginning,largest,latest,end,error
batch.num.messages P int 1 1000000
batch.size P int 1 2147483647
bootstrap.servers * text
broker.address.family * enum any,v4,v6
broker.address.ttl * int 0 86400000
broker.version.fallback * text
builtin.features * text
check.crcs C bool
client.dns.lookup * enum use_all_dns_ips,resolve_canonical_bootstrap_servers_only
client.id * text
client.rack * text
compression.codec P enum none,gzip,snappy,lz4,zstd
compression.level P int -1 12
compression.type P enum none,gzip,snappy,lz4,zstd
connections.max.idle.ms * int 0 2147483647
consume.callback.max.messages C int 0 1000000
coordinator.query.interval.ms C int 1 3600000
debug * flags generic,broker,topic,metadata,feature,queue,msg,protocol,cgrp,security,fetch,interceptor,plugin,consumer,admin,eos,mock,assignor,conf,telemetry,all
delivery.report.only.error P bool
delivery.timeout.ms P int 0 2147483647
enable.auto.commit C bool
enable.auto.offset.store C bool
enable.gapless.guarantee P bool
enable.idempotence P bool
enable.metrics.push * bool
enable.partition.eof C bool
enable.random.seed * bool
enable.sasl.oauthbearer.unsecure.jwt * bool
enable.ssl.certificate.verification * bool
enabled_events * int 0 2147483647
fetch.error.backoff.ms C int 0 300000
fetch.max.bytes C int 0 2147483135
fetch.message.max.bytes C int 1 1000000000
fetch.min.bytes C int 1 100000000
fetch.queue.backoff.ms C int 0 300000
fetch.wait.max.ms C int 0 300000
group.id C text
group.instance.id C text
group.protocol C enum classic,consumer
group.protocol.type C text
group.remote.assignor C text
heartbeat.interval.ms C int 1 3600000
https.ca.location * text
https.ca.pem * text
internal.termination.signal * int 0 128
isolation.level C enum read_uncommitted,read_committed
linger.ms P float 0 900000
log.connection.close * bool
log.queue * bool
log.thread.name * bool
log_level * int 0 7
max.in.flight * int 1 1000000
max.in.flight.requests.per.connection * int 1 1000000
max.partition.fetch.bytes C int 1 1000000000
max.poll.interval.ms C int 1 86400000
max.poll.records C int 1 2147483647
message.copy.max.bytes * int 0 1000000000
message.max.bytes * int 1000 1000000000
message.send.max.retries P int 0 2147483647
message.timeout.ms P int 0 2147483647
metadata.broker.list * text
metadata.max.age.ms * int 1 86400000
metadata.recovery.rebootstrap.trigger.ms * int 0 2147483647
metadata.recovery.strategy * enum none,rebootstrap
offset.store.method C enum none,file,broker
offset.store.path C text
offset.store.sync.interval.ms C int -1 86400000
partition.assignment.strategy C text
partitioner P text
plugin.library.paths * text
produce.offset.report P bool
queue.buffering.backpressure.threshold P int 1 1000000
queue.buffering.max.kbytes P int 1 2147483647
queue.buffering.max.messages P int 0 2147483647
queue.buffering.max.ms P float 0 900000
queued.max.messages.kbytes C int 1 2097151
queued.min.messages C int 1 10000000
queuing.strategy P enum fifo,lifo
receive.message.max.bytes * int 1000 2147483647
reconnect.backoff.jitter.ms * int 0 3600000
reconnect.backoff.max.ms * int 0 3600000
reconnect.backoff.ms * int 0 3600000
request.required.acks P int -1 1000
request.timeout.ms P int 1 900000
retries P int 0 2147483647
retry.backoff.max.ms * int 1 300000
retry.backoff.ms * int 1 300000
sasl.kerberos.keytab * text
sasl.kerberos.kinit.cmd * text
sasl.kerberos.min.time.before.relogin * int 0 86400000
sasl.kerberos.principal * text
sasl.kerberos.service.name * text
sasl.mechanism * text
sasl.mechanisms * text
sasl.oauthbearer.assertion.algorithm * enum RS256,ES256
sasl.oauthbearer.assertion.claim.aud * text
sasl.oauthbearer.assertion.claim.exp.seconds * int 1 2147483647
sasl.oauthbearer.assertion.claim.iss * text
sasl.oauthbearer.assertion.claim.jti.include * bool
sasl.oauthbearer.assertion.claim.nbf.seconds * int 0 2147483647
sasl.oauthbearer.assertion.claim.sub * text
sasl.oauthbearer.assertion.file * text
sasl.oauthbearer.assertion.jwt.template.file * text
sasl.oauthbearer.assertion.private.key.file * text
sasl.oauthbearer.assertion.private.key.passphrase * text
sasl.oauthbearer.assertion.private.key.pem * text
sasl.oauthbearer.client.credentials.client.id * text
sasl.oauthbearer.client.credentials.client.secret * text
sasl.oauthbearer.client.id * text
sasl.oauthbearer.client.secret * text
sasl.oauthbearer.config * text
sasl.oauthbearer.extensions * text
sasl.oauthbearer.grant.type * enum client_credentials,urn:ietf:params:oauth:grant-type:jwt-bearer
sasl.oauthbearer.metadata.authentication.type * enum none,azure_imds,aws_iam
sasl.oauthbearer.method * enum default,oidc
sasl.oauthbearer.scope * text
sasl.oauthbearer.sub.claim.name * text
sasl.oauthbearer.token.endpoint.url * text
sasl.password * text
sasl.username * text
security.protocol * enum plaintext,ssl,sasl_plaintext,sasl_ssl
session.timeout.ms C int 1 3600000
share.acknowledgement.mode C text
socket.blocking.max.ms * int 1 60000
socket.connection.setup.timeout.ms * int 1000 2147483647
socket.keepalive.enable * bool
socket.max.fails * int 0 1000000
socket.nagle.disable * bool
socket.receive.buffer.bytes * int 0 100000000
socket.send.buffer.bytes * int 0 100000000
socket.timeout.ms * int 10 300000
ssl.ca.certificate.stores * text
ssl.ca.location * text
ssl.ca.pem * text
ssl.certificate.location * text
ssl.certificate.pem * text
ssl.cipher.suites * text
ssl.crl.location * text
ssl.curves.list * text
ssl.endpoint.identification.algorithm * enum none,https
ssl.engine.id * text
ssl.engine.location * text
ssl.key.location * text
ssl.key.password * text
ssl.key.pem * text
ssl.keystore.location * text
ssl.keystore.password * text
ssl.providers * text
ssl.sigalgs.list * text
statistics.interval.ms * int 0 86400000
sticky.partitioning.linger.ms P int 0 900000
topic.blacklist * text
topic.metadata.propagation.max.ms * int 0 3600000
topic.metadata.refresh.fast.cnt * int 0 1000
topic.metadata.refresh.fast.interval.ms * int 1 60000
topic.metadata.refresh.interval.ms * int -1 3600000
topic.metadata.refresh.sparse * bool
transaction.timeout.ms P int 1000 2147483647
transactional.id P text
test.mock.broker.rtt * int 0 3600000
test.mock.num.brokers * int 0 10000
`;

const PROPERTIES: ReadonlyMap<string, KafkaProperty> = new Map(
  LIST.trim()
    .split('\n')
    .map(line => {
      const [name, scope, kind, ...rest] = line.split(' ');
      return [name!, { scope: scope as KafkaProperty['scope'], type: readType(kind!, rest) }];
    }),
);

function readType(kind: string, rest: string[]): PropertyType {
  if (kind === 'int' || kind === 'float') return { kind, min: Number(rest[0]), max: Number(rest[1]) };
  if (kind === 'enum' || kind === 'flags') return { kind, words: rest[0]!.split(',') };
  return { kind: kind === 'bool' ? 'bool' : 'text' };
}
