"""The settings of a server, which Weaviate reads from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.servers.weaviate.ports import Ports

HOST = "127.0.0.1"


def environment(name: str, data: Path, api_key: str, members: Mapping[str, Ports]) -> dict[str, str]:
    """The whole environment of one node; nothing is inherited, so no setting of the machine's or of docqa's is in it.

    Args:
        name: The node's name.
        data: Its data folder.
        api_key: What its clients, and the other nodes, have to show.
        members: The ports of every node of the cluster by its name, its own among them.
    """
    ports = members[name]
    return {
        "PERSISTENCE_DATA_PATH": str(data.absolute()),
        "GRPC_PORT": str(ports.grpc),
        "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "false",
        "AUTHENTICATION_APIKEY_ENABLED": "true",
        "AUTHENTICATION_APIKEY_ALLOWED_KEYS": api_key,
        "AUTHENTICATION_APIKEY_USERS": "docqa",
        "DISABLE_TELEMETRY": "true",
        "GO_PROFILING_DISABLE": "true",
        "PROMETHEUS_MONITORING_ENABLED": "false",
        "LOG_LEVEL": "warning",
        # A test's disk may be nearly full; by default Weaviate refuses to write from 90 % on.
        "DISK_USE_WARNING_PERCENTAGE": "99",
        "DISK_USE_READONLY_PERCENTAGE": "100",
        **_cluster(name, members, api_key),
    }


def _cluster(name: str, members: Mapping[str, Ports], password: str) -> dict[str, str]:
    """How the node finds the others; one that is alone is a cluster as well."""
    ports = members[name]
    return {
        "CLUSTER_HOSTNAME": name,
        "CLUSTER_IN_LOCALHOST": "true",
        "CLUSTER_BIND_ADDR": HOST,
        "CLUSTER_ADVERTISE_ADDR": HOST,
        "CLUSTER_GOSSIP_BIND_PORT": str(ports.gossip),
        "CLUSTER_DATA_BIND_PORT": str(ports.data),
        # All of them, itself among them: so whichever node is started again finds the others.
        "CLUSTER_JOIN": ",".join(f"{HOST}:{each.gossip}" for each in members.values()),
        "CLUSTER_BASIC_AUTH_USERNAME": "docqa",
        "CLUSTER_BASIC_AUTH_PASSWORD": password,
        "RAFT_PORT": str(ports.raft),
        "RAFT_INTERNAL_RPC_PORT": str(ports.rpc),
        "RAFT_JOIN": ",".join(f"{node}:{each.raft}" for node, each in members.items()),
        "RAFT_BOOTSTRAP_EXPECT": str(len(members)),
        "RAFT_TIMEOUTS_MULTIPLIER": "1",  # a start takes 2 seconds; with the default, made for slow networks, 10
        "MEMBERLIST_FAST_FAILURE_DETECTION": "true",
    }
