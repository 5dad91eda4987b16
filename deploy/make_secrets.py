"""Makes the secrets of an installation, once: python3 deploy/make_secrets.py FOLDER

One file for each, as compose.yaml and the dev overlay read them. What is there stays. Needs
nothing but Python, so that it runs before anything is installed.
"""

import base64
import secrets
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """Write what is missing; the folder is for its owner, the files for whom containers run as."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    rabbit = _made(folder, "rabbitmq-password")
    postgres = _made(folder, "postgres-password")
    mysql = _made(folder, "mysql-password")
    _made(folder, "admin-password")
    _made(folder, "grafana-password")
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    _write(folder / "instance-key", key)
    _write(folder / "rabbitmq-username", "mvidarr")
    _write(folder / "amqp-url", f"amqp://mvidarr:{rabbit}@mvidarr-rabbitmq:5672/")
    _write(folder / "rabbitmq-user.conf", f"default_user = mvidarr\ndefault_pass = {rabbit}\n")
    _write(folder / "database-url", f"postgresql://mvidarr:{postgres}@postgres:5432/mvidarr")
    _write(folder / "mysql-url", f"mysql://mvidarr:{mysql}@mysql:3306/mvidarr")


def _made(folder: Path, name: str) -> str:
    _write(folder / name, secrets.token_urlsafe(24))
    return (folder / name).read_text()


def _write(path: Path, text: str) -> None:
    if not path.exists():
        draft = path.with_name(f".{path.name}")
        draft.write_text(text)
        draft.chmod(0o444)
        draft.rename(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
