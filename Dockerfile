# The mock server as an image: docker build --tag tunedmodels-mockserver .
# It needs to write nowhere: docker run --read-only --publish 127.0.0.1:9480:9480 tunedmodels-mockserver
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY docs docs
COPY client client
COPY contracts contracts
COPY mockserver mockserver
RUN python -m venv /opt/tunedmodels \
    && /opt/tunedmodels/bin/pip install --no-cache-dir ".[postgres]"

FROM python:3.13-slim
COPY --from=build /opt/tunedmodels /opt/tunedmodels
# Inside, all addresses: who may come in is for the one who publishes the port to say.
ENV PATH=/opt/tunedmodels/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    TUNEDMODELS_MOCKSERVER_HOST=0.0.0.0
# A number, so that a cluster which refuses root can tell.
USER 10001:10001
EXPOSE 9480
# It reads TUNEDMODELS_MOCKSERVER_PORT, as the server does, and cannot know of an option --port of the server.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["tunedmodels-mockserver", "healthcheck"]
ENTRYPOINT ["tunedmodels-mockserver"]
CMD ["serve"]
