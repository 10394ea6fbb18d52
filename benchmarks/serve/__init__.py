"""The service under load: many streamed answers at once, while files come in, a worker reads them and others search.

The model is a script that writes for 20 seconds and says in each piece when that piece was due, so that a client on the
same machine knows what the service added. Beside it, in the same run: one stream alone, and a bare server-sent-events
application on the same HTTP server, with the same schedule.
"""
