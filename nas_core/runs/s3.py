"""S3 at any endpoint: a client, addresses, refusals in words, patience."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from nas_core.errors import JobError
from nas_core.runs.store import StoreAwayError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger("nas")

T = TypeVar("T")

PATIENCE = 300.0  # seconds for which an endpoint may be away
LONGEST_PAUSE = 15.0  # seconds between two attempts

AWAY = {"InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout", "Throttling", "RequestThrottled"}
REJECTED = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired"}
DENIED = {"AccessDenied", "AllAccessDisabled", "Forbidden", "403"}
ABSENT = {"NoSuchKey", "NotFound", "404"}


def s3_client(*, quick: bool = False) -> S3Client:
    """A boto3 client that takes endpoint, region and credentials from the environment (``AWS_…``), as boto3 does.

    `quick` gives up after seconds instead of about a minute, for callers that go on without an answer.

    Raises:
        JobError: the endpoint in the environment is no address.
    """
    import boto3
    from botocore.config import Config

    endpoint = _endpoint_url()
    config = Config(
        connect_timeout=2 if quick else 5,
        read_timeout=5 if quick else 30,
        retries={"mode": "standard", "total_max_attempts": 2 if quick else 3},
        max_pool_connections=16,
    )
    if endpoint:
        # What servers other than Amazon's understand: https://github.com/boto/boto3/issues/4392
        config = config.merge(
            Config(
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"},
            )
        )
    session = boto3.session.Session()
    region = session.region_name or os.environ.get("AWS_REGION") or "us-east-1"
    try:
        return session.client("s3", endpoint_url=endpoint, region_name=region, config=config)
    except ValueError:
        raise JobError(
            f"`AWS_ENDPOINT_URL` must be the address of an S3 server, but got {endpoint_name()!r}."
        ) from None


def split_address(address: str) -> tuple[str, str]:
    """``("bucket", "prefix/key")`` of ``s3://bucket/prefix/key``; JobError when it is no such address."""
    scheme, _, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not bucket:
        raise JobError(f"An address on S3 must look like s3://bucket/prefix, but got {address!r}.")
    return bucket, key.strip("/")


@contextmanager
def store_errors(address: str) -> Iterator[None]:
    """Turn what boto3 raises about `address` into a JobError in words, StoreAwayError when asking later may help.

    The server's own text is left out: it may hold parts of the signature.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _refusal(address, error.response) from None
    except BotoCoreError as error:
        raise _failure(address, error) from None


def patiently(action: Callable[[], T], patience: float | None = None) -> T:
    """Return what `action` returns; while it raises StoreAwayError, try again for `patience` seconds.

    None means the environment variable `NAS_S3_PATIENCE`, else five minutes.
    """
    if patience is None:
        patience = float(os.environ.get("NAS_S3_PATIENCE") or PATIENCE)
    deadline, pause = time.monotonic() + patience, min(1.0, patience / 4)
    while True:
        try:
            return action()
        except StoreAwayError as error:
            if time.monotonic() + pause > deadline:
                raise
            log.warning("%s Trying again in %.0f s.", error, pause)
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _endpoint_url() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or None


def endpoint_name() -> str:
    """The endpoint for messages, without a user name or password that may stand in it."""
    url = _endpoint_url()
    return url.rpartition("@")[2] if url and "@" in url else url or "Amazon S3"


def _refusal(address: str, response: Any) -> JobError:
    """What the server answered, as an error in words."""
    code = str(response.get("Error", {}).get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
    bucket = urlsplit(address).netloc
    if code in AWAY or status >= 500:
        return StoreAwayError(f"{endpoint_name()} must answer to use {address}, but said {code or status}.")
    if code in REJECTED:
        return JobError(
            f"{endpoint_name()} must accept the credentials to use {address}, but rejected them ({code}): "
            "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."
        )
    if code in DENIED:
        return JobError(
            f"{endpoint_name()} must allow access to {address}, but denied it ({code}): "
            "check the credentials, and that they may list, read, write and delete there."
        )
    if code == "NoSuchBucket":
        return JobError(
            f"The bucket of {address} must exist, but {endpoint_name()} has none named {bucket!r}: create it."
        )
    if code in ABSENT:
        return JobError(
            f"{address} must exist, but {endpoint_name()} has nothing there: check bucket, key and spelling."
        )
    return JobError(
        f"{endpoint_name()} must do what is asked of {address}, but refused ({code or status}): "
        "check the address, AWS_REGION and AWS_ENDPOINT_URL."
    )


def _failure(address: str, error: Exception) -> JobError:
    """What went wrong on this side or on the way, as an error in words."""
    from botocore import exceptions as boto

    name = type(error).__name__
    if isinstance(error, boto.NoCredentialsError | boto.PartialCredentialsError | boto.CredentialRetrievalError):
        return JobError(
            f"Credentials are needed to use {address}, but got {name}: "
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE."
        )
    if isinstance(error, boto.SSLError):
        return JobError(f"{endpoint_name()} must show a trusted certificate to use {address}: check AWS_CA_BUNDLE.")
    if isinstance(error, boto.HTTPClientError | boto.ConnectionError | boto.IncompleteReadError):
        return StoreAwayError(
            f"{endpoint_name()} must answer to use {address}, but got {name}: check AWS_ENDPOINT_URL and the network."
        )
    if isinstance(error, boto.ParamValidationError):
        return JobError(f"An address on S3 must be s3://bucket/prefix with a legal bucket name, but got {address!r}.")
    return JobError(f"boto3 must be able to use {address}, but got {name}: check the variables AWS_….")
