# One image for every part: `manage.py serve` starts what it is told to.
FROM python:3.12-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PRODINTEL_DATA_DIR=/data \
    HOST=0.0.0.0

RUN useradd --create-home --uid 10001 prodintel \
    && install -d -o prodintel -g prodintel -m 700 /data

WORKDIR /app
# Before the code, so that a change of code does not install PyTorch again.
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY --chown=root:root . .

USER prodintel
VOLUME /data
EXPOSE 8000
# The supervisor waits up to 15 seconds for its children: stop with a longer grace.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=180s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/api/v1/health', timeout=4)"]
# Setup has its say first and may run any number of times; exec makes the supervisor the process
# that signals reach.
CMD ["sh", "-c", "python manage.py setup && exec python manage.py serve"]
