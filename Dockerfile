# The image of docker-compose.yaml: the locked requirements and PostgreSQL's drivers. The code is mounted. Not built here.
FROM python:3.11-slim-bookworm

ENV AIRFLOW_HOME=/opt/airflow PYTHONUNBUFFERED=1
WORKDIR /opt/broadsheet

COPY requirements.txt requirements-compose.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt -r requirements-compose.txt

RUN useradd --uid 50000 --home-dir /opt/airflow --create-home airflow \
    && mkdir -p /lake /opt/airflow/logs && chown -R airflow /lake /opt/airflow
USER airflow
