"""Lets the wheel of Milvus 2.3.5 unpack its binary and write its configuration, then becomes that binary.

Usage: milvus23.py DIRECTORY PORT AUTHORIZATION(0|1). Without a Python parent the server is one process to watch and to end.
"""
import os
import sys

import milvus

directory, port, authorization = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "1"
server = milvus.MilvusServer(milvus.MilvusServerConfig(), wait_for_started=False)
server.set_base_dir(directory)
config = server.config
config.update(proxy_port=port)  # all inner ports: the next free ones, which the wheel picks
config.resolve()
milvus._initialize_data_files(config.base_data_dir)

# The wheel leaves etcd's peer port at 2380, so that a second server on the machine dies. Give etcd a whole
# configuration of its own, with a free peer port.
etcd = config.get("etcd_port")
peer, peer_socket = config.resolve_port(etcd + 10000)
metrics, metrics_socket = config.resolve_port(9091)
peer_socket.close()
metrics_socket.close()
etcd_file = os.path.join(directory, "configs", "etcd.yaml")
with open(etcd_file, "w", encoding="utf-8") as out:
    out.write(
        f"listen-client-urls: http://127.0.0.1:{etcd}\n"
        f"advertise-client-urls: http://127.0.0.1:{etcd}\n"
        f"listen-peer-urls: http://127.0.0.1:{peer}\n"
        f"initial-advertise-peer-urls: http://127.0.0.1:{peer}\n"
        f"initial-cluster: default=http://127.0.0.1:{peer}\n"
    )
with open(os.path.join(directory, "metrics_port"), "w", encoding="utf-8") as out:
    out.write(str(metrics))

os.makedirs(os.path.join(directory, "run"), exist_ok=True)
os.chdir(directory)
os.environ.update(
    DEPLOY_MODE="STANDALONE",
    METRICS_PORT=str(metrics),
    MILVUS_RUN_DIR=os.path.join(directory, "run"),
    LD_LIBRARY_PATH=os.path.join(directory, "bin"),
    ETCD_CONFIG_PATH=etcd_file,
    COMMON_SECURITY_AUTHORIZATIONENABLED="true" if authorization else "false",
)
binary = os.path.join(directory, "bin", "milvus")
os.execv(binary, [binary, "run", "standalone"])
