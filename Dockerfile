# Three images: `app` (the shop), `web` (nginx with the front end) and `load` (the load runs). See docs/deployment.md.

FROM node:22.23.2-slim AS frontend
WORKDIR /frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM nginx:1.30.5-alpine AS web
COPY --from=frontend /frontend/dist /usr/share/nginx/shop
USER 101:101

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/shardmart
COPY requirements-app.lock ./
RUN /opt/shardmart/bin/pip install --require-hashes -r requirements-app.lock
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY src ./src
RUN /opt/shardmart/bin/pip install --no-deps --no-build-isolation .

FROM build AS build-load
COPY requirements.lock ./
RUN /opt/shardmart/bin/pip install --require-hashes -r requirements.lock

FROM python:3.11.14-slim-bookworm AS base
RUN groupadd --gid 10001 shardmart && useradd --uid 10001 --gid 10001 --no-create-home shardmart \
    && install -d -o shardmart -g shardmart /reports
ENV PATH=/opt/shardmart/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
USER 10001:10001

FROM base AS load
COPY --from=build-load /opt/shardmart /opt/shardmart
COPY cluster ./cluster
COPY loadtests ./loadtests
ENTRYPOINT ["python", "-m", "loadtests"]

# the last one is what `docker build .` makes
FROM base AS app
COPY --from=build /opt/shardmart /opt/shardmart
ENV SHARDMART_HOST=0.0.0.0 SHARDMART_PORT=8000
EXPOSE 8000
CMD ["shardmart", "serve"]
