"""Pins the images of an overlay to digests: what is deployed is what was built, byte for byte.

    python deploy/pin_images.py OVERLAY REGISTRY/catalog@sha256:… REGISTRY/notifier@sha256:… …

`docker inspect --format '{{index .RepoDigests 0}}' IMAGE` says the digest of a pushed image.
"""

import re
import sys
from pathlib import Path

_PINNED = re.compile(r"(?P<place>\S+/(?P<name>[\w.-]+))@(?P<digest>sha256:[0-9a-f]{64})")


def main(overlay: Path, images: list[str]) -> None:
    """Write every image that is given into the overlay's kustomization.yaml."""
    path = overlay / "kustomization.yaml"
    text = path.read_text()
    for image in images:
        found = _PINNED.fullmatch(image)
        if found is None:
            raise SystemExit(f"{image} is not of the form REGISTRY/NAME@sha256:DIGEST")
        line = re.compile(rf"^(\s*- \{{name: mvidarr/{re.escape(found['name'])}, ).*\}}$", re.M)
        pinned = rf"\g<1>newName: {found['place']}, digest: {found['digest']}}}"
        text, count = line.subn(pinned, text)
        if count != 1:
            raise SystemExit(f"{path} has no image mvidarr/{found['name']}")
    path.write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
