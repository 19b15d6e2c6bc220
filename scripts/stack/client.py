"""The independent clients of the end-to-end tests, the demo and the bench: confluent-kafka writes, pymilvus reads.

Reads one JSON command a line from stdin ({"id", "op", ...}) and answers each with one line ({"id", "result"} or
{"id", "error"}), in whatever order they end. Integers beyond 2^53 leave as "int:<digits>", since JSON readers in
JavaScript would round them.
"""
import json
import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from pymilvus import DataType, MilvusClient

SAFE = 2**53 - 1
GUIDE_FIELDS = [
    {"name": "id", "type": "INT64", "is_primary": True},
    {"name": "title", "type": "VARCHAR", "max_length": 512},
    {"name": "title_vector", "type": "FLOAT_VECTOR", "dim": 8},
    {"name": "link", "type": "VARCHAR", "max_length": 512},
]
_clients = {}
_trickling = {}
_lock = threading.Lock()


def milvus(c):
    key = (c["uri"], c.get("token", ""), c.get("database", ""))
    with _lock:
        if key not in _clients:
            _clients[key] = MilvusClient(uri=key[0], token=key[1], db_name=key[2])
        return _clients[key]


def forget(c):
    """Drops a connection, before its server is stopped."""
    with _lock:
        for key in [k for k in _clients if k[0] == c["uri"]]:
            _clients.pop(key).close()


def create(c):
    """fields: [{name, type, ...}], guide's when absent; every vector gets an index, and the collection is loaded."""
    m = milvus(c)
    fields = c.get("fields") or GUIDE_FIELDS
    schema = m.create_schema(auto_id=c.get("auto_id", False), enable_dynamic_field=c.get("dynamic", False))
    index = m.prepare_index_params()
    for field in fields:
        f = dict(field)
        name, kind = f.pop("name"), f.pop("type")
        if "element_type" in f:
            f["element_type"] = DataType[f["element_type"]]
        schema.add_field(name, DataType[kind], **f)
        if "VECTOR" in kind:
            sparse, binary = kind.startswith("SPARSE"), kind.startswith("BINARY")
            index.add_index(
                field_name=name,
                index_type="SPARSE_INVERTED_INDEX" if sparse else "BIN_FLAT" if binary else "FLAT",
                metric_type="IP" if sparse else "HAMMING" if binary else "L2",
            )
    properties = {"properties": c["properties"]} if c.get("properties") else {}
    m.create_collection(
        c["collection"], schema=schema, index_params=index, consistency_level="Strong", **properties
    )
    m.load_collection(c["collection"])


def drop(c):
    milvus(c).drop_collection(c["collection"])


def plain(v):
    if isinstance(v, bool) or v is None or isinstance(v, str):
        return v
    if isinstance(v, int):
        return v if -SAFE <= v <= SAFE else f"int:{v}"
    if isinstance(v, float):
        return v
    if isinstance(v, (bytes, bytearray)):
        return list(v)
    if isinstance(v, dict):
        return {str(k): plain(x) for k, x in v.items()}
    if hasattr(v, "tolist"):
        return plain(v.tolist())
    if hasattr(v, "__iter__"):
        return [plain(x) for x in v]
    return str(v)


def query(c):
    rows = milvus(c).query(
        c["collection"],
        filter=c.get("filter", ""),
        output_fields=c.get("fields", ["*"]),
        limit=c.get("limit", 1000),
        consistency_level="Strong",
    )
    return [plain(dict(r)) for r in rows]


def count(c):
    rows = milvus(c).query(
        c["collection"], filter=c.get("filter", ""), output_fields=["count(*)"], consistency_level="Strong"
    )
    return rows[0]["count(*)"]


def wait_count(c):
    """Waits until the collection holds at least `rows`; answers how many there are at the end of the time."""
    until = time.time() + c.get("seconds", 60)
    while True:
        n = count(c)
        if n >= c["rows"] or time.time() > until:
            return n
        time.sleep(0.1)


def topic(c):
    admin = AdminClient({"bootstrap.servers": c["bootstrap"], "log_level": 0})
    for future in admin.create_topics([NewTopic(c["topic"], c.get("partitions", 1), 1)]).values():
        future.result()


def delete_topic(c):
    admin = AdminClient({"bootstrap.servers": c["bootstrap"], "log_level": 0})
    for future in admin.delete_topics([c["topic"]]).values():
        future.result()


def producer(c):
    return Producer({"bootstrap.servers": c["bootstrap"], "log_level": 0, "linger.ms": c.get("linger", 5), "acks": "all", "enable.idempotence": True})


def flush(p, failed):
    left = p.flush(60)
    if left or failed:
        raise RuntimeError(f"{left} records not delivered, {failed[:1]}")


def produce(c):
    """records: [{value, key?, partition?, timestamp?}], strings (null: tombstone); in order."""
    p, failed = producer(c), []
    for r in c["records"]:
        extra = {k: r[k] for k in ("partition", "timestamp", "headers") if k in r}
        p.produce(
            c["topic"], value=r.get("value"), key=r.get("key"), on_delivery=lambda e, m: e and failed.append(str(e)), **extra
        )
        p.poll(0)
    flush(p, failed)
    return len(c["records"])


def sequence(c):
    """The order test's stream: `records` over `keys` at `rate` a second; each carries its key's growing number.

    Answers the last number of each key, as a list by key. Vectors are [key, seq, 0, …], so a torn row would show.
    """
    rng = random.Random(c["seed"])
    p, failed, last = producer(c), [], [0] * c["keys"]
    dim, started, rate = c.get("dim", 4), time.time(), c.get("rate", 1e9)
    order = [i % c["keys"] for i in range(c["records"])]
    rng.shuffle(order)
    for i, key in enumerate(order):
        last[key] += 1
        value = {"id": key, "seq": last[key], "vector": [key, last[key]] + [0] * (dim - 2)}
        while True:
            try:
                p.produce(c["topic"], key=str(key), value=json.dumps(value), on_delivery=lambda e, m: e and failed.append(str(e)))
                break
            except BufferError:
                p.poll(0.05)
        p.poll(0)
        ahead = (i + 1) / rate - (time.time() - started)
        if ahead > 0.02:
            time.sleep(ahead)
    flush(p, failed)
    return last


def check_sequence(c):
    """Compares every key with `last`: [missing, stale or torn], with the first few of each."""
    m, last = milvus(c), c["last"]
    missing, wrong, step = [], [], 5000
    for low in range(0, len(last), step):
        rows = m.query(
            c["collection"],
            filter=f"id >= {low} and id < {low + step}",
            output_fields=["id", "seq", "vector"],
            limit=step * 2,
            consistency_level="Strong",
        )
        seen = {}
        for r in rows:
            if r["id"] in seen:
                wrong.append(f"key {r['id']} twice")
            seen[r["id"]] = r
        for key in range(low, min(low + step, len(last))):
            r = seen.get(key)
            if last[key] and r is None:
                missing.append(key)
            elif last[key] and (r["seq"] != last[key] or int(r["vector"][0]) != key or int(r["vector"][1]) != last[key]):
                wrong.append(f"key {key}: {r['seq']} instead of {last[key]}")
    return {"missing": len(missing), "wrong": len(wrong), "examples": [str(x) for x in (missing[:3] + wrong[:3])]}


def fill(c):
    """`rows` of the guide's shape with `dim`, as fast as it goes; ids grow from `first` (0).

    They take turns over `partitions`; without, the client spreads them as it likes.
    """
    rng, dim = random.Random(1), c["dim"]
    p, failed = Producer({"bootstrap.servers": c["bootstrap"], "log_level": 0, "linger.ms": 20, "batch.size": 1000000, "queue.buffering.max.messages": 500000}), []
    vectors = [json.dumps([round(rng.uniform(-1, 1), 9) for _ in range(dim)]) for _ in range(64)]
    title = "The Reported Mortality Rate of Coronavirus Is Not Important"
    link = "https://medium.com/swlh/the-reported-mortality-rate-of-coronavirus-is-not-important-369989c8d912"
    partitions = c.get("partitions")
    for i in range(c.get("first", 0), c.get("first", 0) + c["rows"]):
        partition = i % partitions if partitions else -1
        value = f'{{"id": {i}, "title": "{title}", "title_vector": {vectors[i & 63]}, "link": "{link}"}}'
        while True:
            try:
                p.produce(c["topic"], value, partition=partition)
                break
            except BufferError:
                p.poll(0.05)
        if i & 1023 == 0:
            p.poll(0)
    flush(p, failed)


def trickle(c):
    """`rate` records a second for `seconds`, linger 0, ids from `first`; `title` is the time of producing, µs since the epoch.

    The producer is kept: a second call measures no connecting. Answers the time by which at most one record in a
    hundred was produced too late, ms: what comes unevenly says little about latency.
    """
    with _lock:
        if c["bootstrap"] not in _trickling:
            _trickling[c["bootstrap"]] = producer({**c, "linger": 0})
        p = _trickling[c["bootstrap"]]
    failed, late = [], []
    vector = json.dumps([round(random.uniform(-1, 1), 9) for _ in range(c["dim"])])
    n, started = int(c["rate"] * c["seconds"]), time.time()
    for i in range(n):
        ahead = started + i / c["rate"] - time.time()
        if ahead > 0:
            time.sleep(ahead)
        now = time.time()
        late.append((now - started - i / c["rate"]) * 1e3)
        value = f'{{"id": {c.get("first", 0) + i}, "title": "{int(now * 1e6)}", "title_vector": {vector}, "link": "x"}}'
        p.produce(c["topic"], value)
        p.poll(0)
    flush(p, failed)
    return {"lateP99Ms": sorted(late)[int(n * 0.99)]}


def committed(c):
    """Committed offset by partition; -1 where there is none."""
    consumer = Consumer({"bootstrap.servers": c["bootstrap"], "log_level": 0, "group.id": c["group"]})
    try:
        partitions = [TopicPartition(c["topic"], i) for i in range(c.get("partitions", 1))]
        return [max(tp.offset, -1) for tp in consumer.committed(partitions, timeout=10)]
    finally:
        consumer.close()


def ends(c):
    consumer = Consumer({"bootstrap.servers": c["bootstrap"], "log_level": 0, "group.id": "reader-of-ends"})
    try:
        return [consumer.get_watermark_offsets(TopicPartition(c["topic"], i), timeout=10)[1] for i in range(c.get("partitions", 1))]
    finally:
        consumer.close()


OPS = {
    f.__name__: f
    for f in (forget, create, drop, query, count, wait_count, topic, delete_topic, produce, sequence, check_sequence, fill, trickle, committed, ends)
}


def answer(line):
    c = json.loads(line)
    try:
        reply = {"id": c["id"], "result": OPS[c["op"]](c)}
    except Exception as e:  # the caller decides what an error means
        reply = {"id": c["id"], "error": f"{type(e).__name__}: {e}"}
    with _lock:
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C: who started this ends it, by closing its stdin
    with ThreadPoolExecutor(8) as pool:
        for text in sys.stdin:
            pool.submit(answer, text)
