# syntax=docker/dockerfile:1
# The relay with its widget and console, for PostgreSQL or the embedded database. docs/deployment.md says how it is run.
ARG NODE_IMAGE=node:24-trixie-slim
ARG BASE_IMAGE=debian:trixie-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY shared/contract/package.json shared/contract/
COPY shared/console/package.json shared/console/
COPY widget-core/package.json widget-core/
COPY relay/package.json relay/
COPY plugins/shopify/package.json plugins/shopify/
COPY e2e/package.json e2e/
COPY bench/package.json bench/

# What is made from the sources: database client, widget, console.
FROM manifests AS build
RUN npm ci --no-audit --no-fund
COPY shared shared
COPY widget-core widget-core
COPY relay relay
# Prisma downloads an engine that nobody uses here, unless it is told that there is one.
ENV PRISMA_SCHEMA_ENGINE_BINARY=/app/package.json CHECKPOINT_DISABLE=1
RUN (cd relay && npx prisma generate) \
  && (cd widget-core && npm run build) \
  && (cd shared/console && npm run build) \
  && find relay shared -name '*.test.ts*' -delete

# The packages that run, without those that build and test, and without what only people and editors read in them.
FROM manifests AS packages
COPY relay/deploy/prune.mjs relay/deploy/
RUN npm ci --omit=dev --workspace relay --workspace shared/contract --ignore-scripts --no-audit --no-fund \
  && node relay/deploy/prune.mjs \
  && find . -path '*/node_modules/*' -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \
    -o -iname 'readme*' -o -iname 'changelog*' \) -delete \
  && rm -rf relay/deploy bench e2e plugins widget-core shared/console package-lock.json

FROM ${BASE_IMAGE} AS relay
COPY --from=manifests /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=packages /app ./
COPY --from=build /app/shared/contract shared/contract
COPY --from=build /app/shared/console/dist shared/console/dist
COPY --from=build /app/widget-core/dist widget-core/dist
COPY --from=build /app/relay/prisma relay/prisma
COPY --from=build /app/relay/src relay/src
RUN printf '#!/bin/sh\nexec node /app/relay/src/cli/main.ts "$@"\n' > /usr/local/bin/confab \
  && chmod 755 /usr/local/bin/confab \
  && mkdir -p /data /backups && chown 10001:10001 /data /backups && chmod 700 /data /backups
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8787 CONFAB_DATA_DIR=/data
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
VOLUME ["/data"]
EXPOSE 8787
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/healthz').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "relay/src/main.ts"]

# The same with pg_dump and pg_restore, which "confab backup" and "confab restore" need for PostgreSQL up to version 17.
FROM relay AS tools
USER root
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
USER 10001:10001

FROM relay
