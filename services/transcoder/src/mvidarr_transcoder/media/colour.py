"""Names of a picture's colours, as FFmpeg writes them, and whether they are of high range. Pure."""

from mvidarr_common.messages.media import Hdr

PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "film", 9: "bt2020",
    10: "smpte428", 11: "smpte431", 12: "smpte432", 22: "ebu3213",
}  # fmt: skip
TRANSFERS = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear",
    11: "iec61966-2-4", 13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084",
    17: "smpte428", 18: "arib-std-b67",
}  # fmt: skip
MATRICES = {
    0: "gbr", 1: "bt709", 4: "fcc", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 8: "ycgco",
    9: "bt2020nc", 10: "bt2020c", 14: "ictcp",
}  # fmt: skip
"""The numbers are those of ITU-T H.273; 2 is "not said"."""

FULL_RANGE = 2


def hdr_of(transfer: str | None, tag: str, extras: frozenset[str]) -> Hdr | None:
    """By the transfer curve, the codec's tag and the data that come with the first frame."""
    if tag in ("dvh1", "dvhe", "dvav", "dva1") or extras & {"DOVI_METADATA", "DOVI_RPU_BUFFER"}:
        return "dolby_vision"
    if transfer == "arib-std-b67":
        return "hlg"
    if transfer != "smpte2084":
        return None
    return "hdr10plus" if "DYNAMIC_HDR_PLUS" in extras else "hdr10"


def level_of(codec: str, number: int | None) -> str | None:
    """A level as people write it: 31 is "3.1" in H.264, 93 in HEVC, 5 in AV1."""
    if number is None or number <= 0:
        return None
    if codec == "h264":
        return f"{number / 10:.1f}"
    if codec == "hevc":
        return f"{number / 30:.1f}"
    if codec == "av1":
        return f"{2 + (number >> 2)}.{number & 3}"
    return str(number)
