# Two images from one file; docs/ci.md says how to use them.
#
#   docker build --target verify --tag accord-verify .
#   docker build --target mock --tag accord-mock .
#
# Both run as nobody in particular, also with --read-only --tmpfs /tmp, on amd64 and arm64.

FROM python:3.13.9-slim-trixie AS built
WORKDIR /src
COPY . .
RUN python -m venv /opt/accord && /opt/accord/bin/python -m pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13.9-slim-trixie AS installed
COPY --from=built /opt/accord /opt/accord
ENV PATH="/opt/accord/bin:$PATH" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /work

FROM installed AS mock
ENV ACCORD_HOST=0.0.0.0 ACCORD_PORT=4010
USER 65532:65532
EXPOSE 4010
HEALTHCHECK --interval=2s --timeout=2s --start-period=20s --retries=5 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['ACCORD_PORT']}/__accord__/health\", timeout=2)"]
ENTRYPOINT ["accord", "mock"]

# What no --target names is built last.
FROM installed AS verify
# A volume can be written to in a read-only container, and by whoever it runs as.
RUN mkdir --mode=1777 /reports
VOLUME /reports
ENV ACCORD_REPORT_DIR=/reports
USER 65532:65532
ENTRYPOINT ["accord", "verify"]
