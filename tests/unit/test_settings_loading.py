from __future__ import annotations

import re
from pathlib import Path

import pytest

from shardmart.settings import Settings, WrongSetting, load

KEY = "0123456789abcdef0123456789abcdef"
LEAST = {"SHARDMART_MONGO_URI": "mongodb://127.0.0.1", "SHARDMART_SECRET_KEY": KEY}


def loaded(env_file: Path | None = None, **more: str) -> Settings:
    return load({**LEAST, **{f"SHARDMART_{name}": value for name, value in more.items()}}, env_file=env_file)


def test_two_settings_are_enough() -> None:
    settings = loaded()
    assert (settings.mongo_driver, settings.topology, settings.checkout) == ("motor", "auto", "auto")
    assert (settings.bcrypt_rounds, settings.limits, settings.demo, settings.lab) == (12, True, False, False)
    assert settings.origins == ("http://127.0.0.1:8000", "http://localhost:8000")
    assert (settings.catalogue_cache, settings.catalogue_cache_mb) == (True, 16)


@pytest.mark.parametrize("missing", LEAST)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_what_is_required_is_named_when_it_is_missing(missing: str, value: str | None) -> None:
    env = {name: text for name, text in LEAST.items() if name != missing}
    with pytest.raises(WrongSetting, match=missing):
        load(env if value is None else {**env, missing: value}, env_file=None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "x" * 31),
        ("SECRET_KEY", "é" * 15),
        ("SECRET_KEY", "a" * 64),
        ("SECRET_KEY", "please-change-me-0123456789-0123456789"),
        ("SECRET_KEY", "CHANGEME-0123456789-0123456789-abcdef"),
        ("MONGO_DRIVER", "mongoose"),
        ("TOPOLOGY", "ring"),
        ("CHECKOUT", "hope"),
        ("CHECKOUT", "naive"),
        ("CATALOGUE_READS", "nearest"),
        ("CATALOGUE_CACHE", "some"),
        ("CATALOGUE_CACHE_MB", "0"),
        ("CATALOGUE_CACHE_MB", "1025"),
        ("CATALOGUE_CACHE_MB", "much"),
        ("WRITE_CONCERN", "0"),
        ("WRITE_CONCERN", "1"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("PORT", "80.5"),
        ("WORKERS", "0"),
        ("WORKERS", "65"),
        ("WORKERS", "-1"),
        ("DEMO", "maybe"),
        ("LAB", "2"),
        ("LIMITS", "off"),
        ("LIMITS", "never"),
        ("ORIGINS", "*"),
        ("ORIGINS", "https://shop.example, *"),
        ("ORIGINS", "shop.example"),
        ("ORIGINS", "https://shop.example/"),
        ("ORIGINS", "https://shop.example/path"),
        ("ORIGINS", "ftp://shop.example"),
        ("ORIGINS", "null"),
        ("TRUSTED_PROXIES", "proxy"),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 10.0.0.256"),
        ("BCRYPT_ROUNDS", "9"),
        ("BCRYPT_ROUNDS", "3"),
        ("BCRYPT_ROUNDS", "17"),
        ("ACCESS_SECONDS", "9"),
        ("ACCESS_SECONDS", "86401"),
        ("REFRESH_SECONDS", "59"),
        ("REFRESH_SECONDS", str(367 * 24 * 3600)),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(WrongSetting, match=f"SHARDMART_{name}") as caught:
        loaded(**{name: value})
    assert "\n" not in str(caught.value)


def test_the_secret_is_not_shown_when_it_is_wrong() -> None:
    with pytest.raises(WrongSetting) as caught:
        loaded(SECRET_KEY="a-short-secret")
    assert "a-short-secret" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("LIMITS", "off"), ("BCRYPT_ROUNDS", "4")])
@pytest.mark.parametrize(
    ("demo", "host", "allowed"),
    [
        ("1", "127.0.0.1", True),
        ("1", "localhost", True),
        ("1", "::1", True),
        ("1", "127.9.9.9", True),
        ("0", "127.0.0.1", False),
        ("1", "0.0.0.0", False),
        ("1", "192.168.1.2", False),
        ("1", "shop.example", False),
    ],
)
def test_what_is_relaxed_is_relaxed_on_loopback_demos_only(
    name: str, value: str, demo: str, host: str, allowed: bool
) -> None:
    if allowed:
        loaded(DEMO=demo, HOST=host, **{name: value})
        return
    with pytest.raises(WrongSetting, match=name):
        loaded(DEMO=demo, HOST=host, **{name: value})


def test_naive_runs_in_the_lab() -> None:
    assert loaded(CHECKOUT="naive", LAB="1").checkout == "naive"


def test_one_acknowledging_member_is_enough_in_the_lab_only() -> None:
    assert loaded().write_concern == "majority"
    assert loaded(WRITE_CONCERN="1", LAB="1").write_concern == "1"


@pytest.mark.parametrize(("word", "value"), [("1", True), ("ON", True), ("true", True), ("0", False), ("Off", False)])
def test_flags_have_their_words(word: str, value: bool) -> None:
    assert loaded(DEMO=word).demo is value


def test_lists_are_separated_by_commas() -> None:
    settings = loaded(ORIGINS=" https://a.example ,, https://b.example", TRUSTED_PROXIES="10.0.0.1,fd00::/8")
    assert settings.origins == ("https://a.example", "https://b.example")
    assert settings.trusted_proxies == ("10.0.0.1", "fd00::/8")


def test_an_open_address_has_its_own_origin_only() -> None:
    assert loaded(HOST="shop.example", PORT="9000").origins == ("http://shop.example:9000",)


def test_the_env_file_is_below_the_environment(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment=1\n\nSHARDMART_PORT=9001\n SHARDMART_HOST = '127.0.0.2' \n"
        'SHARDMART_MONGO_DATABASE="other"\nnonsense\nSHARDMART_CONTROL_TOKEN=a=b\n',
        encoding="utf-8",
    )
    settings = loaded(file, PORT="9002")
    assert (settings.port, settings.host, settings.mongo_database) == (9002, "127.0.0.2", "other")
    assert settings.control_token == "a=b"


def test_an_env_file_may_explain_its_values_and_be_sourced_by_a_shell(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "\ufeffexport SHARDMART_PORT=9001   # of the shop\n"
        "SHARDMART_MONGO_DATABASE='a #b'  # quoted\n"
        "SHARDMART_CONTROL_TOKEN=a#b\n"
        "SHARDMART_WORKERS=  # the default\n",
        encoding="utf-8",
    )
    settings = loaded(file)
    assert (settings.port, settings.mongo_database, settings.control_token) == (9001, "a #b", "a#b")
    assert settings.workers == 2


def test_every_line_of_the_example_can_be_uncommented(tmp_path: Path) -> None:
    example = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")
    names = re.findall(r"^# (SHARDMART_\w+=)", example, flags=re.MULTILINE)
    assert len(names) >= 15
    file = tmp_path / ".env"
    file.write_text(re.sub(r"^# (?=SHARDMART_\w+=)", "", example, flags=re.MULTILINE), encoding="utf-8")
    settings = load({"SHARDMART_SECRET_KEY": KEY}, env_file=file)
    assert (settings.checkout, settings.limits, settings.demo) == ("auto", True, False)
    assert settings.runtime_dir is not None and settings.runtime_dir.is_absolute()


@pytest.mark.parametrize("content", [b"SHARDMART_PORT=9001\n\xff\xfe", None], ids=["no UTF-8", "not to be read"])
def test_an_env_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "loop"
    if content is None:
        file.symlink_to("/proc/self/mem")  # a file for everybody who asks, and readable for nobody
    else:
        file.write_bytes(content)
    with pytest.raises(WrongSetting, match="loop"):
        loaded(file)


def test_an_env_file_alone_is_enough(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in LEAST.items()), encoding="utf-8")
    assert load({}, env_file=file).secret_key == KEY


def test_an_absent_env_file_is_no_error(tmp_path: Path) -> None:
    assert loaded(tmp_path / "absent").port == 8000


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("SHARDMART_PORT=9003\n", encoding="utf-8")
    for name, value in LEAST.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SHARDMART_PORT", raising=False)
    assert load().port == 9003


def test_secrets_may_lie_in_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "uri").write_text("mongodb://shop:secret@db.example/?replicaSet=rs0")
    files = {"SHARDMART_SECRET_KEY_FILE": str(tmp_path / "key"), "SHARDMART_MONGO_URI_FILE": str(tmp_path / "uri")}
    settings = load(files, env_file=None)
    assert settings.secret_key == KEY
    assert settings.mongo_uri == "mongodb://shop:secret@db.example/?replicaSet=rs0"


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    env = {**LEAST, "SHARDMART_SECRET_KEY": "", "SHARDMART_SECRET_KEY_FILE": str(missing)}
    with pytest.raises(WrongSetting, match=f"SHARDMART_SECRET_KEY_FILE names {missing}"):
        load(env, env_file=None)


def test_a_build_of_the_front_end_is_found_given_or_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shardmart.settings.SOURCE_BUILD", tmp_path / "beside")
    assert loaded().static_dir is None
    for directory in (tmp_path / "beside", tmp_path / "given"):
        directory.mkdir()
        (directory / "index.html").touch()
    assert loaded().static_dir == tmp_path / "beside"
    assert loaded(STATIC_DIR=str(tmp_path / "given")).static_dir == tmp_path / "given"
    assert loaded(STATIC_DIR="off").static_dir is None
    with pytest.raises(WrongSetting, match="STATIC_DIR"):
        loaded(STATIC_DIR=str(tmp_path))
