# One shop: its exports.yml, exports and warehouse are in the volume. See docs/operating.md.
FROM debian:bookworm-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home retention \
    && install --directory --owner retention /opt/retention /data

USER retention
WORKDIR /opt/retention
COPY --chown=retention requirements.lock pyproject.toml README.md LICENSE ./
# the versions of the lock, of what runs need and not of what tests do
RUN python3 -m venv .venv \
    && .venv/bin/pip install --no-cache-dir uv==0.13.9 \
    && .venv/bin/uv pip compile --quiet --constraint requirements.lock --generate-hashes \
        --output-file /tmp/run.lock pyproject.toml \
    && .venv/bin/uv pip install --no-cache --compile-bytecode --require-hashes -r /tmp/run.lock
COPY --chown=retention dagster_project dagster_project
COPY --chown=retention dbt_project dbt_project
COPY --chown=retention data data
# what takes seconds to parse is parsed once
RUN .venv/bin/uv pip install --no-cache --no-deps --editable . \
    && .venv/bin/python -c "from dagster_project.warehouse.project import manifest; manifest()"

ENV RETENTION_EXPORTS=/data/exports.yml RETENTION_WAREHOUSE=/data/warehouse
VOLUME /data
WORKDIR /data
ENTRYPOINT ["/opt/retention/.venv/bin/retention"]
CMD ["nightly", "artifacts"]
