# syntax=docker/dockerfile:1
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /pinion
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-fund --no-audit
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24.21.0-bookworm-slim
# Manifests repositories are mirrored with Git.
RUN apt-get update \
  && apt-get install -y --no-install-recommends git ca-certificates \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /var/lib/pinion
WORKDIR /pinion
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 PINION_DATA_DIR=/var/lib/pinion
COPY --from=build /pinion/node_modules ./node_modules
COPY --from=build /pinion/dist ./dist
COPY package.json ./
COPY policies ./policies
COPY schema ./schema
USER node
EXPOSE 3000
VOLUME /var/lib/pinion
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/pinion/dist/cli.js"]
CMD ["serve"]
