# docqa in a container: the service, or with another command a worker or the command line. docker-compose.yml runs it
# with all that belongs to it. Alone, with everything in one volume:
#
#     docker build -t docqa .
#     docker run --rm -v docqa:/data docqa docqa keys create --scope admin
#     docker run --init -d -p 127.0.0.1:8000:8000 -v docqa:/data docqa

FROM python:3.11.14-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/docqa
ENV PATH=/opt/docqa/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# What docqa needs changes more seldom than docqa itself, so it has layers of its own.
COPY requirements.lock requirements-otel.lock requirements-postgres.lock requirements-s3.lock ./
RUN python -m pip install --require-hashes -r requirements.lock
RUN python -m pip install --require-hashes -r requirements-otel.lock -r requirements-postgres.lock -r requirements-s3.lock
COPY pyproject.toml README.md LICENSE ./
COPY docqa docqa
COPY ingest ingest
RUN python -m pip install --no-deps --no-build-isolation .

FROM python:3.11.14-slim-bookworm
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin docqa && install -d -o docqa -g docqa -m 700 /data
COPY --from=build /opt/docqa /opt/docqa
# Others can reach the service, so it starts only where a key was made: 'docqa keys create'.
ENV PATH=/opt/docqa/bin:$PATH PYTHONUNBUFFERED=1 DOCQA_DATA_DIR=/data DOCQA_HOST=0.0.0.0 DOCQA_PORT=8000
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 CMD ["python", "-m", "docqa.cli.probe", "livez"]
CMD ["docqa", "serve"]
