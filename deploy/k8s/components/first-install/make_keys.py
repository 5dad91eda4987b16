"""Makes the Secret mvidarr-keys through the Kubernetes API, unless it is there."""

import base64
import json
import secrets
import ssl
import urllib.error
import urllib.request
from pathlib import Path

API = "https://kubernetes.default.svc"
ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def main(api: str = API, account: Path = ACCOUNT) -> None:
    """One POST; a conflict means that another start has made it."""
    namespace, token = ((account / name).read_text() for name in ("namespace", "token"))
    request = urllib.request.Request(  # noqa: S310  # https, as above
        f"{api}/api/v1/namespaces/{namespace}/secrets",
        data=json.dumps(new_secret()).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    trust = ssl.create_default_context(cafile=str(account / "ca.crt"))
    try:
        urllib.request.urlopen(request, context=trust, timeout=30).close()  # noqa: S310  # https, as above
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise


def new_secret() -> dict[str, object]:
    """The Secret as the API takes it."""
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "mvidarr-keys"},
        "immutable": True,
        "stringData": {"instance-key": key, "admin-password": secrets.token_urlsafe(18)},
    }


if __name__ == "__main__":
    main()
