# The image behind docker-compose.yaml: the hash-locked requirements, and no code. The project is mounted.
FROM python:3.11-slim-bookworm

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    AIRFLOW_HOME=/opt/airflow \
    PYTHONPATH=/opt/broadsheet/include

COPY requirements.txt requirements-compose.txt /tmp/
# --no-deps: the locks name everything, and pip would not find the hash of a package that another asks for with an extra.
RUN pip install --no-cache-dir --no-deps --require-hashes --requirement /tmp/requirements.txt --requirement /tmp/requirements-compose.txt \
    && pip check \
    && useradd --uid 50000 --user-group --create-home airflow \
    && mkdir -p /opt/airflow /opt/broadsheet/lake/warehouse /opt/broadsheet/var/lakes \
    && chown -R airflow:airflow /opt/airflow /opt/broadsheet

USER 50000
WORKDIR /opt/broadsheet
CMD ["airflow", "version"]
