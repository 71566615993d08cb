"""The one settings file: the environment in, Django's settings out.

Every variable an operator may set is a field of `Settings`, with its type, its default and what it
does; the README's table is checked against it.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import dj_database_url
from csp.constants import NONE, SELF
from django.templatetags.static import static
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from prodintel.lib.addresses import is_database, names_host
from prodintel.lib.bucket import photo_sources, storage_options
from prodintel.lib.environment import Environment, secret
from prodintel.lib.logs import logging_config
from prodintel.lib.secret_key import data_dir_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

CommaList = Annotated[list[str], NoDecode]
SecretList = Annotated[list[SecretStr], NoDecode]


class Settings(Environment):
    """What can be set from outside."""

    prodintel_env: Literal["development", "production"] = "development"
    prodintel_data_dir: Path = BASE_DIR / "var"
    debug: bool = False
    secret_key: SecretStr | None = None
    secret_key_fallbacks: SecretList = []
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    allowed_hosts: CommaList = ["localhost", "127.0.0.1", "[::1]"]
    csrf_trusted_origins: CommaList = []
    public_url: str = ""
    trust_proxy: bool = False
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    qdrant_url: str = ""
    qdrant_api_key: SecretStr | None = None
    clip_model: str = "starter"
    clip_pretrained: str = ""
    clip_device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    clip_dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    engine_threads: int | None = Field(default=None, ge=1)
    s3_bucket: str = ""
    s3_endpoint_url: str = ""
    s3_region: str = ""
    s3_access_key_id: SecretStr | None = None
    s3_secret_access_key: SecretStr | None = None
    groq_api_key: SecretStr | None = None
    groq_base_url: str = "https://api.groq.com"
    groq_vision_model: str = "qwen/qwen3.8-27b"
    groq_text_model: str = "openai/gpt-oss-120b"
    groq_search_model: str = ""
    llm_concurrency: int = Field(default=4, ge=1, le=64)
    llm_requests_per_minute: int = Field(default=0, ge=0)
    llm_daily_tokens: int = Field(default=10_000_000, ge=0)
    llm_daily_usd: Decimal = Field(default=Decimal(10), ge=0)
    llm_user_daily_tokens: int = Field(default=5_000_000, ge=0)
    llm_user_daily_usd: Decimal = Field(default=Decimal(5), ge=0)
    max_photo_mb: int = Field(default=25, ge=1, le=60)
    max_photo_megapixels: int = Field(default=50, ge=1, le=200)
    max_upload_gb: int = Field(default=10, ge=1, le=1000)
    fetch_allowed_hosts: CommaList = []
    time_zone: str = "UTC"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "text"

    @field_validator(
        "secret_key_fallbacks",
        "allowed_hosts",
        "csrf_trusted_origins",
        "fetch_allowed_hosts",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("prodintel_data_dir")
    @classmethod
    def _is_usable_folder(cls, value: Path) -> Path:
        try:
            folder = value.expanduser().resolve()
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except (OSError, RuntimeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise ValueError(
                f"{str(value)!r} cannot be made a folder ({reason}); name one that may be written"
            ) from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise ValueError(f"{str(folder)!r} may not be written; name a folder that may be")
        return folder

    @field_validator("time_zone")
    @classmethod
    def _is_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; write one as Europe/Berlin") from error
        return value

    @field_validator("qdrant_url", "s3_endpoint_url", "public_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        if value and not names_host(value, "http", "https"):
            raise ValueError("write it as http://HOST:PORT or https://HOST")
        return value.rstrip("/")

    @field_validator("groq_base_url")
    @classmethod
    def _is_model_server(cls, value: str) -> str:
        if not names_host(value, "http", "https"):
            raise ValueError("write it as https://HOST or http://HOST:PORT")
        # The client adds the path itself; people copy the address with it.
        return value.rstrip("/").removesuffix("/openai/v1")

    @field_validator("database_url")
    @classmethod
    def _is_known_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not is_database(secret(value)):
            raise ValueError(
                "write it as postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///PATH, and "
                "percent-encode what is special in the password: %40 for @, %2F for /, %23 for #"
            )
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        address = secret(value)
        local = address.startswith("unix:///")
        if address and not local and not names_host(address, "redis", "rediss"):
            raise ValueError("write it as redis://HOST:PORT/DATABASE")
        return value


ENV = Settings.read(Path(os.environ.get("PRODINTEL_ENV_FILE", BASE_DIR / ".env")))

# --- State ----------------------------------------------------------------------------------------

DATA_DIR = ENV.prodintel_data_dir

PRODUCTION = ENV.prodintel_env == "production"
DEBUG = ENV.debug
SECRET_KEY_IS_DEFAULT = not secret(ENV.secret_key)
SECRET_KEY = secret(ENV.secret_key) or data_dir_secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = [secret(key) for key in ENV.secret_key_fallbacks]

# --- Django ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "prodintel",
    "prodintel.llm",
    "catalog",
    "tools",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "channels",
    "django_htmx",
    "axes",
    "csp",
    "ninja",
]

MIDDLEWARE = [
    "catalog.api.errors.ApiErrorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "prodintel.lib.static.StaticFilesMiddleware",
    "prodintel.lib.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "catalog.views.context.catalogs",
                "tools.views.context.product_tools",
            ],
        },
    },
]

ROOT_URLCONF = "prodintel.urls"
ASGI_APPLICATION = "prodintel.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins
USE_TZ = True
TIME_ZONE = ENV.time_zone
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"

# --- Database -------------------------------------------------------------------------------------

_DATABASE_URL = (
    secret(ENV.database_url) or f"sqlite:///{quote(str(DATA_DIR / 'prodintel.sqlite3'))}"
)
DATABASES: dict[str, dict[str, Any]] = {"default": dict(dj_database_url.parse(_DATABASE_URL))}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Immediate transactions take the write lock at their start, so that two writers queue for it
    # inside `timeout` instead of one failing with "database is locked" at its first write.
    _database_options: dict[str, Any] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 60,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; "
            "PRAGMA mmap_size=134217728; PRAGMA cache_size=-20000; "
            "PRAGMA journal_size_limit=67108864;"
        ),
    }
else:
    _database_options = {"pool": {"min_size": 1, "max_size": 16, "timeout": 20}}
# What the address itself says, such as ?sslmode=require, has the last word.
DATABASES["default"]["OPTIONS"] = _database_options | DATABASES["default"].get("OPTIONS", {})

# --- What grows by settings -----------------------------------------------------------------------

REDIS_URL = secret(ENV.redis_url)
CHANNEL_LAYERS = {
    "default": (
        {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
    )
}


def _cache(name: str, max_entries: int) -> dict[str, Any]:
    if REDIS_URL:
        return {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": name,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
        }
    return {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": name,
        "OPTIONS": {"MAX_ENTRIES": max_entries},
    }


# The order of a search's hits takes a hundred kilobytes: in this process's memory, few of them.
CACHES = {"default": _cache("", 2000), "rankings": _cache("rankings", 200)}

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
WHITENOISE_USE_FINDERS = DEBUG

_S3_OPTIONS = storage_options(
    bucket=ENV.s3_bucket,
    endpoint=ENV.s3_endpoint_url,
    region=ENV.s3_region,
    access_key=secret(ENV.s3_access_key_id),
    secret_key=secret(ENV.s3_secret_access_key),
)
STORAGES: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": _S3_OPTIONS}
        if ENV.s3_bucket
        else {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {
                "location": str(MEDIA_ROOT),
                "base_url": None,
                "allow_overwrite": True,
            },
        }
    ),
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "prodintel.lib.static.StaticStorage"
        )
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 50
MAX_BODY_BYTES = 64 * 1024 * 1024
MAX_PHOTO_BYTES = ENV.max_photo_mb * 1024 * 1024
MAX_PHOTO_PIXELS = ENV.max_photo_megapixels * 1_000_000
MAX_UPLOAD_BYTES = ENV.max_upload_gb * 1024**3
FETCH_ALLOWED_HOSTS = ENV.fetch_allowed_hosts

S3_BUCKET = ENV.s3_bucket
QDRANT_URL = ENV.qdrant_url
QDRANT_API_KEY = secret(ENV.qdrant_api_key)
GROQ_API_KEY = secret(ENV.groq_api_key)
GROQ_BASE_URL = ENV.groq_base_url
GROQ_VISION_MODEL = ENV.groq_vision_model
GROQ_TEXT_MODEL = ENV.groq_text_model
GROQ_SEARCH_MODEL = ENV.groq_search_model.strip()
LLM_CONCURRENCY = ENV.llm_concurrency
LLM_REQUESTS_PER_MINUTE = ENV.llm_requests_per_minute
LLM_DAILY_TOKENS = ENV.llm_daily_tokens
LLM_DAILY_USD = ENV.llm_daily_usd
LLM_USER_DAILY_TOKENS = ENV.llm_user_daily_tokens
LLM_USER_DAILY_USD = ENV.llm_user_daily_usd
CLIP_MODEL = ENV.clip_model
CLIP_PRETRAINED = ENV.clip_pretrained
CLIP_DEVICE = ENV.clip_device
CLIP_DTYPE = ENV.clip_dtype
ENGINE_THREADS = ENV.engine_threads
HOST = ENV.host
PORT = ENV.port
PUBLIC_URL = ENV.public_url

# Tokenizers warn about forks that the engine never makes, and the model hub's client reports its use.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

# --- Security -------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_HANDLER = "prodintel.lib.login_throttle.LoginThrottle"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked_out.html"
AXES_CLIENT_IP_CALLABLE = f"prodintel.lib.client_ip.{'forwarded' if ENV.trust_proxy else 'direct'}"
AXES_VERBOSE = False

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^api/v1/health$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
# A site decides for the names it is reached by alone: others of its domain may have no https.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trust_proxy else None
X_FRAME_OPTIONS = "DENY"

_photo_sources = (
    photo_sources(bucket=ENV.s3_bucket, endpoint=ENV.s3_endpoint_url, region=ENV.s3_region)
    if ENV.s3_bucket
    else []
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "blob:", "data:", *_photo_sources],
        "connect-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# unfold's pages evaluate Alpine expressions and set inline styles; nothing else may.
ADMIN_CSP_DIRECTIVES = {
    "script-src": [SELF, "'unsafe-eval'"],
    "style-src": [SELF, "'unsafe-inline'"],
}

# --- Logs and the admin's looks -------------------------------------------------------------------

LOGGING_CONFIG = None
LOGGING = logging_config(level=ENV.log_level, style=ENV.log_format)

UNFOLD = {
    "SITE_TITLE": "Prodintel",
    "SITE_HEADER": "Prodintel",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/favicon.svg")}
    ],
    "SHOW_HISTORY": True,
}
