"""Reads an exposition on stdin with Prometheus' own parser and checks what the parser lets pass. Prints one JSON line."""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

text = sys.stdin.read()
families = list(text_string_to_metric_families(text))
problems = []
names = set()
for family in families:
    if family.name in names:
        problems.append(f"{family.name} twice")
    names.add(family.name)
    if family.type not in ("counter", "gauge", "histogram"):
        problems.append(f"{family.name} has type {family.type}")
    if not family.documentation:
        problems.append(f"{family.name} has no help")
    seen = set()
    series = {}
    for sample in family.samples:
        identity = (sample.name, tuple(sorted(sample.labels.items())))
        if identity in seen:
            problems.append(f"{identity} twice")
        seen.add(identity)
        if family.type == "counter" and (not sample.name.endswith("_total") or sample.value < 0):
            problems.append(f"{sample.name} {sample.value} is no counter")
        if sample.value != sample.value:
            problems.append(f"{sample.name} is NaN")
        if family.type == "histogram":
            labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
            one = series.setdefault(labels, {"buckets": []})
            if sample.name.endswith("_bucket"):
                one["buckets"].append((float(sample.labels["le"]), sample.value))
            else:
                one[sample.name.rsplit("_", 1)[1]] = sample.value
    for labels, one in series.items():
        bounds = [bound for bound, _ in one["buckets"]]
        counts = [count for _, count in one["buckets"]]
        if bounds != sorted(bounds) or bounds[-1] != float("inf"):
            problems.append(f"{family.name} has buckets {bounds}")
        if counts != sorted(counts) or counts[-1] != one.get("count") or "sum" not in one:
            problems.append(f"{family.name} does not add up")
samples = [[s.name, s.labels, s.value] for f in families for s in f.samples]
print(json.dumps({"problems": problems, "families": {f.name: f.type for f in families}, "samples": samples}))
