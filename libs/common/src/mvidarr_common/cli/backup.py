"""`mvidarr backup` and `restore`: the log, the configuration and the pictures, in one file.

The log is everything that MVidarr knows; media files are copied by whatever copies files.
"""

import os
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

from mvidarr_common.settings import PREFIX, Settings

from .log_files import export_log, import_log
from .output import say, with_client
from .run import installed, load
from .words import size

LOG, CONFIGURATION, KEY = "log.jsonl.gz", "settings.env", "instance.key"
PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".nfo")
_SECRET = 0o600


def register(app: typer.Typer) -> None:
    """Add this group's commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    file: Path,
    artwork: Annotated[
        bool, typer.Option(help="pictures and .nfo files of the library too")
    ] = False,
) -> None:
    """Write the log, and the settings and the key of this machine, into a file; keep it safe."""
    settings = Settings()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / LOG
        with_client(lambda client: export_log(client, log))
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        draft.touch(mode=_SECRET)
        with tarfile.open(draft, "w") as tar:
            tar.add(log, LOG)
            _put(tar, CONFIGURATION, _configuration())
            _put(tar, KEY, _key(settings) or "")
            for picture in _pictures(settings.data_root) if artwork else ():
                tar.add(picture, f"data/{picture.relative_to(settings.data_root)}")
    draft.replace(file)
    say(f"{file}: {size(file.stat().st_size)}.")


def restore(
    file: Path,
    configuration: Annotated[
        Path | None, typer.Option(help="only write settings and key into this folder")
    ] = None,
) -> None:
    """Put a backup into an empty system that was started with the backup's instance key."""
    try:
        with tarfile.open(file) as tar:
            if configuration is not None:
                _write_configuration(tar, configuration)
            else:
                _restore(tar, Settings())
    except (OSError, tarfile.TarError, KeyError) as error:
        raise typer.BadParameter(f"{file} is no backup that can be read: {error}") from error


def _restore(tar: tarfile.TarFile, settings: Settings) -> None:
    theirs, ours = _read(tar, KEY), _key(settings)
    if ours is not None and ours != theirs:
        raise typer.BadParameter(
            "This system has another instance key than the backup. Write the backup's with "
            "--configuration, and start an empty system with it."
        )
    with tempfile.TemporaryDirectory() as folder:
        tar.extract(LOG, folder, filter="data")
        with_client(lambda client: import_log(client, Path(folder) / LOG))
        pictures = [each for each in tar if each.name.startswith("data/")]
        tar.extractall(folder, pictures, filter="data")
        placed = sum(_placed(Path(folder) / each.name, each.name, settings) for each in pictures)
    say(f"{placed} of {len(pictures)} pictures are new here.")


def _placed(extracted: Path, name: str, settings: Settings) -> bool:
    """Whether a picture was missing; what is there stays."""
    place = settings.data_root / Path(name).relative_to("data")
    if place.exists() or not extracted.is_file():
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.new")
    draft.write_bytes(extracted.read_bytes())
    draft.replace(place)
    return True


def _write_configuration(tar: tarfile.TarFile, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in (CONFIGURATION, KEY):
        path = folder / name
        path.touch(mode=_SECRET)
        path.write_text(_read(tar, name))
    say(f"{folder}: {CONFIGURATION} and {KEY}; the second belongs into the new MVIDARR_STATE_DIR.")


def _configuration() -> str:
    """What the environment says of our settings, as lines of a file of variables."""
    classes: list[type[Settings]] = [Settings, *(load(name).settings for name in installed())]
    names = {f"{PREFIX}{field.upper()}" for each in classes for field in each.model_fields}
    told = {name: os.environ[name] for name in sorted(names) if name in os.environ}
    files = {name: os.environ[f"{name}_FILE"] for name in names if f"{name}_FILE" in os.environ}
    told |= {name: Path(path).read_text().strip() for name, path in files.items()}
    return "".join(f"{name}={value}\n" for name, value in sorted(told.items()))


def _key(settings: Settings) -> str | None:
    """The instance key, where this machine knows it; none is made."""
    if settings.instance_key is not None:
        return settings.instance_key.get_secret_value()
    path = settings.state_dir / KEY
    return path.read_text().strip() if path.exists() else None


def _pictures(root: Path) -> Iterator[Path]:
    """Whatever in artwork/ and library/ is no video."""
    for folder in (root / "artwork", root / "library"):
        yield from sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES)


def _put(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(text.encode()), _SECRET
    tar.addfile(entry, BytesIO(text.encode()))


def _read(tar: tarfile.TarFile, name: str) -> str:
    found = tar.extractfile(name)
    if found is None:
        raise KeyError(name)
    return found.read().decode()
