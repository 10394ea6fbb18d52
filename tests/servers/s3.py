"""A real S3 server for tests, out of the package ``moto``, as a child process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from contextlib import ExitStack
from typing import Any, NamedTuple, Self

HOST = "127.0.0.1"
SERVE = """\
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(sys.argv[1], 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # until whoever started it lets go, or ends in whatever way
"""


class S3Error(RuntimeError):
    """The server did not start; the message holds the end of its log."""


class Keys(NamedTuple):
    """What a user signs requests with."""

    id: str
    secret: str


class S3Server:
    """A server for as long as this context lasts; all is in memory. It takes any keys until it is told not to."""

    keys = Keys("any", "any")

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            log = stack.enter_context(tempfile.TemporaryFile("w+"))
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": log, "text": True}
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", SERVE, HOST], **pipes))
            port = process.stdout.readline().strip()
            if not port:
                log.seek(0)
                raise S3Error(f"The S3 server does not start: {log.read()[-1500:]}")
            self.port, self.url = int(port), f"http://{HOST}:{port}"
            stack.callback(process.kill)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def client(self, service: str = "s3") -> Any:
        """A client of the server that does not go through docqa."""
        import boto3

        keys = {"aws_access_key_id": self.keys.id, "aws_secret_access_key": self.keys.secret}
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1", **keys)

    def bucket(self) -> str:
        """A new bucket's name."""
        name = f"docqa-{uuid.uuid4().hex}"
        self.client().create_bucket(Bucket=name)
        return name

    def user(self, *actions: str) -> Keys:
        """The keys of a new user who may do this everywhere."""
        iam, name = self.client("iam"), uuid.uuid4().hex
        iam.create_user(UserName=name)
        allowed = [{"Effect": "Allow", "Action": actions, "Resource": "*"}]
        policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        iam.put_user_policy(UserName=name, PolicyName="policy", PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def ask_for_keys(self) -> None:
        """From now on, take the keys of users alone, and hold them to what they may do."""
        headers = {"Content-Type": "text/plain"}
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/reset-auth", b"0", headers)).close()


def environment(url: str, keys: Keys | None = S3Server.keys) -> dict[str, str]:
    """The variables by which a client finds a server, and nothing of this machine's own."""
    own = {
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    known = {"AWS_ACCESS_KEY_ID": keys.id, "AWS_SECRET_ACCESS_KEY": keys.secret} if keys else {}
    return {"AWS_ENDPOINT_URL": url, **own, **known}
