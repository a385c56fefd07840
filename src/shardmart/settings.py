"""Settings, read once from `SHARDMART_*` variables and a `.env` file. A wrong one stops the start with one line."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

DRIVERS = ("motor", "pymongo")
STRATEGIES = ("auto", "group", "transaction", "reservation", "naive")
CATALOGUE_READS = ("primary", "secondaryPreferred")
WRITE_CONCERNS = ("majority", "1")
FIND_OUT = "auto"  # ask the database
TOPOLOGIES = (FIND_OUT, "replica", "sharded")
SHORTEST_KEY = 32
LONGEST_RUNTIME_DIR = 90  # the path of a Unix socket ends at 108 bytes, its own name included
_ORIGIN = re.compile(r"https?://[^\s/?#@*]+")
SOURCE_BUILD = Path(__file__).resolve().parents[2] / "frontend" / "dist"
LEAST_BCRYPT_ROUNDS, LEAST_BCRYPT_ROUNDS_IN_DEMO = 10, 4


class WrongSetting(Exception):
    """A setting that cannot be used; the message names it and says what is expected."""


@dataclass(frozen=True)
class Settings:
    """Everything that can be set. Times are in seconds, sizes in bytes.

    `origins` are the pages that may call the API with cookies; `trusted_proxies` those whose X-Forwarded-For
    is believed; `control_url` and `control_token` come from `cluster demo` and steer database nodes.
    `static_dir` is a build of the front end, None for the landing page.
    `runtime_dir` holds what the workers of one app node share: the committer's lock and socket, the cache's marks.
    `catalogue_cache_mb` is each worker's, in megabytes.
    """

    mongo_uri: str
    secret_key: str
    mongo_database: str = "shardmart"
    mongo_driver: str = "motor"
    topology: str = "replica"
    checkout: str = "auto"
    catalogue_reads: str = "primary"
    catalogue_cache: bool = True
    catalogue_cache_mb: int = 16
    write_concern: str = "majority"
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    demo: bool = False
    lab: bool = False
    limits: bool = True
    origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    bcrypt_rounds: int = 12
    access_seconds: int = 900
    refresh_seconds: int = 30 * 24 * 3600
    request_seconds: float = 9.0
    recovery_seconds: float = 10.0
    log_level: str = "warning"
    control_url: str = ""
    control_token: str = ""
    runtime_dir: Path | None = None
    static_dir: Path | None = None

    @property
    def loopback(self) -> bool:
        return _is_loopback(self.host)


def load(
    environ: Mapping[str, str] | None = None, *, env_file: Path | None = Path(".env"), signs: bool = True
) -> Settings:
    """Settings from the environment, `.env` below it. Raises WrongSetting with one clear line.

    `signs`: whether this process signs tokens; others get a key of their own that nobody knows.
    """
    env = dict(_read_env_file(env_file) if env_file else {})
    env.update(os.environ if environ is None else environ)
    if not signs:
        env["SHARDMART_SECRET_KEY"] = secrets.token_hex(SHORTEST_KEY)
    read = _Reader(env)
    host, port = read.text("HOST", "127.0.0.1"), read.number("PORT", 8000, 1, 65535)
    settings = Settings(
        mongo_uri=read.required("MONGO_URI", "the connection string of a replica set or a mongos"),
        secret_key=read.required("SECRET_KEY", f"at least {SHORTEST_KEY} random bytes"),
        mongo_database=read.text("MONGO_DATABASE", "shardmart"),
        mongo_driver=read.choice("MONGO_DRIVER", DRIVERS),
        topology=read.choice("TOPOLOGY", TOPOLOGIES),
        checkout=read.choice("CHECKOUT", STRATEGIES),
        catalogue_reads=read.choice("CATALOGUE_READS", CATALOGUE_READS),
        catalogue_cache=read.flag("CATALOGUE_CACHE", True),
        catalogue_cache_mb=read.number("CATALOGUE_CACHE_MB", 16, 1, 1024),
        write_concern=read.choice("WRITE_CONCERN", WRITE_CONCERNS),
        host=host,
        port=port,
        workers=read.number("WORKERS", 2, 1, 64),
        demo=read.flag("DEMO", False),
        lab=read.flag("LAB", False),
        limits=read.flag("LIMITS", True),
        origins=read.items("ORIGINS") or _own_origins(host, port),
        trusted_proxies=read.items("TRUSTED_PROXIES"),
        bcrypt_rounds=read.number("BCRYPT_ROUNDS", 12, LEAST_BCRYPT_ROUNDS_IN_DEMO, 16),
        access_seconds=read.number("ACCESS_SECONDS", 900, 10, 86_400),
        refresh_seconds=read.number("REFRESH_SECONDS", 30 * 24 * 3600, 60, 366 * 24 * 3600),
        log_level=read.choice("LOG_LEVEL", ("warning", "debug", "info", "error")),
        control_url=read.text("CONTROL_URL", ""),
        control_token=read.text("CONTROL_TOKEN", ""),
        runtime_dir=_runtime_dir(read, port),
        static_dir=_static_dir(read),
    )
    _check(settings)
    return settings


def _check(s: Settings) -> None:
    """Rules that span settings: what is fine on a laptop's loopback is refused where others can reach it."""
    if not re.match(r"mongodb(\+srv)?://[^/?#]", s.mongo_uri):
        raise WrongSetting("SHARDMART_MONGO_URI must be a connection string: mongodb://host:port/?replicaSet=name")
    if len(s.secret_key.encode()) < SHORTEST_KEY:
        raise WrongSetting(f"SHARDMART_SECRET_KEY must have at least {SHORTEST_KEY} bytes")
    if len(set(s.secret_key)) < 8 or "change" in s.secret_key.lower():
        raise WrongSetting("SHARDMART_SECRET_KEY is a placeholder; make one: openssl rand -hex 32")
    relaxed = s.demo and s.loopback
    if not s.limits and not relaxed:
        raise WrongSetting("SHARDMART_LIMITS=off is for demos on a loopback address only")
    if s.bcrypt_rounds < LEAST_BCRYPT_ROUNDS and not relaxed:
        raise WrongSetting(f"SHARDMART_BCRYPT_ROUNDS must be at least {LEAST_BCRYPT_ROUNDS} outside loopback demos")
    if s.checkout == "naive" and not s.lab:
        raise WrongSetting("SHARDMART_CHECKOUT=naive oversells on purpose and needs SHARDMART_LAB=1")
    if s.write_concern != "majority" and not s.lab:
        raise WrongSetting("SHARDMART_WRITE_CONCERN=1 loses acknowledged orders on purpose and needs SHARDMART_LAB=1")
    for origin in s.origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise WrongSetting(f"SHARDMART_ORIGINS: {origin} is no origin such as https://shop.example")
    for network in s.trusted_proxies:
        try:
            ip_network(network, strict=False)
        except ValueError:
            raise WrongSetting(f"SHARDMART_TRUSTED_PROXIES: {network} is no address or network") from None


class _Reader:
    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def text(self, name: str, default: str) -> str:
        return self._env.get(f"SHARDMART_{name}", "").strip() or default

    def required(self, name: str, what: str) -> str:
        """The setting, or what is in the file that SHARDMART_<name>_FILE names: so are containers told secrets."""
        value = self.text(name, "") or self._content(f"{name}_FILE")
        if not value:
            raise WrongSetting(f"SHARDMART_{name} is missing: {what}")
        return value

    def _content(self, name: str) -> str:
        path = self.text(name, "")
        try:
            return Path(path).read_text(encoding="utf-8").strip() if path else ""
        except (OSError, ValueError):
            raise WrongSetting(f"SHARDMART_{name} names {path}, which cannot be read") from None

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        value = self.text(name, options[0])
        if value not in options:
            raise WrongSetting(f"SHARDMART_{name} must be one of {', '.join(options)}, not {value!r}")
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        value = self._parse(name, int, "a whole number", str(default))
        if not least <= value <= most:
            raise WrongSetting(f"SHARDMART_{name} must be between {least} and {most}, not {value}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        words = {"1": True, "on": True, "true": True, "0": False, "off": False, "false": False}
        value = self.text(name, "on" if default else "off").lower()
        if value not in words:
            raise WrongSetting(f"SHARDMART_{name} must be on or off, not {value!r}")
        return words[value]

    def items(self, name: str) -> tuple[str, ...]:
        return tuple(item.strip() for item in self.text(name, "").split(",") if item.strip())

    def _parse(self, name: str, kind: Callable[[str], T], what: str, default: str) -> T:
        value = self.text(name, default)
        try:
            return kind(value)
        except ValueError:
            raise WrongSetting(f"SHARDMART_{name} must be {what}, not {value!r}") from None


def _runtime_dir(read: _Reader, port: int) -> Path:
    """Given, or in the data directory, or a private one whose name is the same for all workers of this app node."""
    if given := read.text("RUNTIME_DIR", ""):
        if len(os.fsencode(given)) > LONGEST_RUNTIME_DIR:
            raise WrongSetting(f"SHARDMART_RUNTIME_DIR may have {LONGEST_RUNTIME_DIR} bytes: a socket lies in it")
        return Path(given)
    data = read.text("DATA_DIR", "")
    if data and len(os.fsencode(inside := Path(data).absolute() / "run")) <= LONGEST_RUNTIME_DIR:
        return inside
    node = "|".join([data, read.text("MONGO_URI", ""), read.text("MONGO_DATABASE", "shardmart"), str(port)])
    name = hashlib.sha256(node.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"shardmart-{os.getuid()}-{name}"


def _static_dir(read: _Reader) -> Path | None:
    """Given, or the build beside a source checkout if there is one; `off` for none."""
    given = read.text("STATIC_DIR", "")
    if given == "off":
        return None
    directory = Path(given) if given else SOURCE_BUILD
    if (directory / "index.html").is_file():
        return directory
    if given:
        raise WrongSetting(f"SHARDMART_STATIC_DIR must be off or a build of the front end: no index.html in {given}")
    return None


def _own_origins(host: str, port: int) -> tuple[str, ...]:
    """A page opened as localhost has another origin than 127.0.0.1: allow both on our own port."""
    names = ("127.0.0.1", "localhost") if _is_loopback(host) else (host,)
    return tuple(f"http://{name}:{port}" for name in names)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines, also with `export`; # begins a comment, on a line of its own or after a blank."""
    if not path.is_file():
        return {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise WrongSetting(f"{path} cannot be read: {error}") from None
    pairs = {}
    for line in lines:
        name, separator, value = line.strip().partition("=")
        if separator and not name.startswith("#"):
            pairs[name.removeprefix("export ").strip()] = _value(value.strip())
    return pairs


def _value(text: str) -> str:
    """What stands between quotes, or before a comment."""
    if text[:1] in ("'", '"') and (end := text.find(text[0], 1)) > 0:
        return text[1:end]
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()
