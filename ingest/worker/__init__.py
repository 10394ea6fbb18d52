"""The workers: Celery processes that drain the pipeline part by part, and what keeps them and their jobs going.

The catalog knows all the work (``ingest.catalog.leases``); messages in the broker only wake a worker up. A message
that is lost is sent again by a keeper, one that comes twice finds nothing to do.
"""
