"""The comparison that runs side by side: what somebody would write in an afternoon (confluent-kafka, orjson, pymilvus).

Usage: rival.py TOPIC MILVUS_URI BROKERS COLLECTION. One thread, batches of up to 1000, no error handling at all.
"""
import sys
import time

import orjson
from confluent_kafka import Consumer
from pymilvus import MilvusClient

topic, uri, brokers, collection = sys.argv[1:5]
milvus = MilvusClient(uri=uri, token="root:Milvus")
consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": f"rival-{topic}-{time.time()}",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "fetch.queue.backoff.ms": 10,
    }
)
consumer.subscribe([topic])
while True:
    messages = consumer.consume(1000, 0.005)
    rows = [orjson.loads(m.value()) for m in messages if not m.error()]
    if rows:
        milvus.upsert(collection, rows)
        consumer.commit(asynchronous=True)
