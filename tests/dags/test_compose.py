"""docker-compose.yaml as it is filled in, and the secrets that it demands. Schema and linters: tests/house."""

import re

import cluster
import pytest
import write_secrets

FRESH = write_secrets.fresh()


def composed(**variables: str):
    return cluster.composed({**FRESH, **variables}, lambda value: value)


def test_a_topology_of_celery_workers():
    services = composed()
    assert set(services) == {"postgres", "redis", "init", *cluster.AIRFLOW_SERVICES}
    assert services["worker"]["deploy"]["replicas"] == "2"
    assert services["worker"]["environment"]["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


@pytest.mark.parametrize("name", FRESH)
def test_every_secret_is_demanded(name):
    with pytest.raises(KeyError, match=f"{name}: run make secrets"):
        composed(**{name: ""})


def test_nothing_but_the_ui_is_reached_from_outside_and_that_from_this_machine():
    published = {name: service["ports"] for name, service in composed().items() if "ports" in service}
    assert published == {"apiserver": ["127.0.0.1:8080:8080"]}
    assert composed(BROADSHEET_ADDRESS="10.0.0.5", BROADSHEET_PORT="80")["apiserver"]["ports"] == ["10.0.0.5:80:8080"]


@pytest.mark.parametrize("name", ["postgres", "redis", "init", *cluster.AIRFLOW_SERVICES])
def test_every_service_is_bounded_and_has_no_rights_to_spare(name):
    service = composed()[name]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])  # by number, and not root
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert name == "init" or service["healthcheck"]["test"]


def test_the_lake_is_a_volume_or_an_object_store_whose_keys_are_handed_on():
    environment = composed()["worker"]["environment"]
    assert environment["BROADSHEET_LAKE"] == "/opt/broadsheet/lake" and not [name for name in environment if name.startswith("AWS_")]
    told = {"AWS_ENDPOINT_URL": "https://s3.example", "AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "of-the-press"}
    environment = composed(LAKE="s3://press-archive/news", **told)["worker"]["environment"]
    assert environment["BROADSHEET_LAKE"] == "s3://press-archive/news"
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == told


def test_a_dead_worker_is_noticed_before_its_message_is_given_out_again():
    settings = composed()["scheduler"]["environment"]
    heartbeat = int(settings["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"])
    assert heartbeat < int(settings["AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT"])


def test_secrets_are_written_once_and_for_their_owner_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(write_secrets, "FILE", tmp_path / ".env")
    assert write_secrets.main() == 0
    written = (tmp_path / ".env").read_text()
    values = dict(line.split("=", 1) for line in written.splitlines())
    assert set(values) == set(FRESH) and len(set(values.values())) == len(FRESH)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert write_secrets.main() == 2
    assert "stays as it is" in capsys.readouterr().err
    assert (tmp_path / ".env").read_text() == written


def test_secrets_need_no_quoting():
    assert all(re.fullmatch(r"[A-Za-z0-9_=-]{24,}", value) for value in FRESH.values())
    from cryptography.fernet import Fernet

    Fernet(FRESH["AIRFLOW_FERNET_KEY"].encode())


def test_a_cluster_that_lacks_a_program_says_which(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("sys.argv", ["cluster.py", "--airflow-home", str(tmp_path / "airflow")])
    monkeypatch.setattr(cluster.shutil, "which", lambda name: None)
    assert cluster.main() == 2
    assert "Redis" in capsys.readouterr().err
    assert not (tmp_path / "airflow").exists()


def test_a_setting_without_a_value_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["cluster.py", "--set", "AIRFLOW__CORE__PARALLELISM"])
    with pytest.raises(SystemExit, match="2"):
        cluster.main()
    assert "is not NAME=VALUE" in capsys.readouterr().err
