"""Between the network and the routes: connections, limits on what comes in, streams, logs, metrics, health."""
