"""Files fetched from the network by address and checksum, kept in a cache that never holds a wrong one."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ssepredict.exceptions import SsePredictError

TIMEOUT_S = 30.0
URL_VARIABLE = "SSEPREDICT_DATA_URL"
CACHE_VARIABLE = "SSEPREDICT_CACHE"
_ACCEPTED = "accepted-checksums.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class RemoteFile:
    """A file on the network.

    Parameters
    ----------
    name : str
        Its name in the cache and under another base address.
    url : str
    sha256 : str
        Checksum of its content; empty where nobody of this project has read the content, so that a user has
        to state it.
    """

    name: str
    url: str
    sha256: str = ""


def cache_folder(cache: str | Path | None = None) -> Path:
    """Return the cache: the argument, ``SSEPREDICT_CACHE``, or the place the system has for caches."""
    import pooch

    chosen = cache or os.environ.get(CACHE_VARIABLE)
    return Path(chosen) if chosen else Path(pooch.os_cache("ssepredict"))


def fetch_files(
    files: tuple[RemoteFile, ...],
    folder: Path,
    *,
    base_url: str | None = None,
    sha256: Mapping[str, str] | None = None,
) -> dict[str, Path]:
    """Fetch files into a folder, unless it holds them already.

    Parameters
    ----------
    files : tuple of RemoteFile
    folder : Path
        Made when it does not exist.
    base_url : str, optional
        Address in front of the file names, in place of the declared ones; ``SSEPREDICT_DATA_URL`` is the
        default.
    sha256 : mapping of str to str, optional
        File name to the checksum that the user vouches for; remembered beside the files.

    Returns
    -------
    dict of str to Path

    Raises
    ------
    SsePredictError
        When no checksum is known, a checksum is wrong, or the network fails. A file that was in the cache
        with the right checksum is kept, a wrong or partial one never enters.
    """
    expected = expected_checksums(files, folder, sha256)
    base = base_url or os.environ.get(URL_VARIABLE)
    paths = {}
    for file in files:
        url = f"{base.rstrip('/')}/{file.name}" if base else file.url
        paths[file.name] = _fetch(file.name, url, expected[file.name], folder)
    if sha256:
        _remember(folder, {name: expected[name] for name in paths})
    return paths


def cached_files(files: tuple[RemoteFile, ...], folder: Path) -> dict[str, Path]:
    """Return the files of a cache folder after their checksums have been compared; empty when one is missing.

    Raises
    ------
    SsePredictError
        When a file is not what was fetched.
    """
    paths = {file.name: folder / file.name for file in files}
    if not all(path.is_file() for path in paths.values()):
        return {}
    for name, checksum in expected_checksums(files, folder).items():
        got = _digest(paths[name])
        if got != checksum:
            raise SsePredictError(
                f"{paths[name]} has the SHA-256 {got}, expected {checksum}: it has changed since it was "
                "fetched; fetch it again"
            )
    return paths


def expected_checksums(
    files: tuple[RemoteFile, ...], folder: Path, sha256: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the checksum of every file: declared, stated now, or stated at an earlier fetch.

    Raises
    ------
    SsePredictError
        When one is unknown, malformed, of no file, or contradicts the declared one.
    """
    stated = {name: text.strip().casefold() for name, text in (sha256 or {}).items()}
    names = [file.name for file in files]
    if set(stated) - set(names):
        unknown = ", ".join(sorted(set(stated) - set(names)))
        raise SsePredictError(f"--sha256 names {unknown}, expected checksums of {', '.join(names)}")
    remembered = _remembered(folder)
    expected = {}
    for file in files:
        checksum = stated.get(file.name) or file.sha256 or remembered.get(file.name, "")
        if not checksum:
            raise SsePredictError(
                f"the SHA-256 of {file.name} ({file.url}) is not known to ssepredict, so what comes "
                f"cannot be told from something else; read the file, then give --sha256 {file.name}=HEX "
                f"(`sha256sum {file.name}` prints it)"
            )
        if _SHA256.fullmatch(checksum) is None:
            raise SsePredictError(f"--sha256 is {checksum!r}, expected 64 hexadecimal digits")
        if file.sha256 and checksum != file.sha256:
            raise SsePredictError(f"--sha256 is {checksum}, but {file.name} is declared with {file.sha256}")
        expected[file.name] = checksum
    return expected


def _fetch(name: str, url: str, checksum: str, folder: Path) -> Path:
    import pooch
    import requests

    pooch.get_logger().setLevel(logging.WARNING)
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_S)
    kept = "nothing was kept"
    try:
        # pooch downloads beside the cache, compares the checksum and only then moves the file in
        path = pooch.retrieve(url, f"sha256:{checksum}", fname=name, path=folder, downloader=downloader)
    except requests.exceptions.HTTPError as error:
        status = error.response.status_code if error.response is not None else "an error"
        raise SsePredictError(
            f"{url} answers {status}, expected the file {name}; {kept}; check the address, or give another "
            f"with --url or {URL_VARIABLE}"
        ) from None
    except (requests.exceptions.ConnectTimeout, requests.exceptions.ReadTimeout) as error:
        raise SsePredictError(f"{url} did not answer within {TIMEOUT_S:g} s; {kept}; try again") from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as error:
        raise SsePredictError(f"{url} ended before the file was complete; {kept}; try again") from error
    except requests.exceptions.ConnectionError as error:
        raise SsePredictError(
            f"{url} cannot be reached; {kept}; check the network, or give another address with --url or "
            f"{URL_VARIABLE}"
        ) from error
    except requests.exceptions.RequestException as error:
        raise SsePredictError(f"{url} cannot be fetched ({error}); {kept}; check the address") from None
    except ValueError as error:
        if "hash" not in str(error):
            raise SsePredictError(f"{url} cannot be fetched ({error}); expected http or https") from None
        raise SsePredictError(
            f"{url} has another SHA-256 than expected ({checksum}): the file has changed or was altered "
            f"on its way; {kept}; look at it before you trust it"
        ) from None
    return Path(path)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _remembered(folder: Path) -> dict[str, str]:
    try:
        content = json.loads((folder / _ACCEPTED).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return {str(name): str(text) for name, text in content.items()} if isinstance(content, dict) else {}


def _remember(folder: Path, checksums: Mapping[str, str]) -> None:
    path = folder / _ACCEPTED
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({**_remembered(folder), **checksums}, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, path)
