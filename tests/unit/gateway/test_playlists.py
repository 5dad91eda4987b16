"""Playlists as players read them."""

from mvidarr_api_gateway.playlists import Entry, credit, m3u, programme, with_tickets

IDS = [f"v{n}" for n in range(10)]


def test_every_address_of_a_stream_gets_the_ticket() -> None:
    made = (
        '#EXTM3U\n#EXT-X-MAP:URI="film.m4s",BYTERANGE="800@0"\n#EXTINF:6.0,\n'
        "#EXT-X-BYTERANGE:99@800\nfilm.m4s\n\n#EXT-X-ENDLIST\n"
    )
    assert with_tickets(made, "t.u.c") == (
        '#EXTM3U\n#EXT-X-MAP:URI="film.m4s?ticket=t.u.c",BYTERANGE="800@0"\n#EXTINF:6.0,\n'
        "#EXT-X-BYTERANGE:99@800\nfilm.m4s?ticket=t.u.c\n\n#EXT-X-ENDLIST\n"
    )


def test_a_list_tells_who_plays_what() -> None:
    films = [
        Entry("http://x/1", credit("Band", "Song\n#EXTINF:1,Other"), 61.6, "Album"),
        Entry("http://x/2", credit(None, "Song")),
    ]
    assert m3u("Mine", films).splitlines() == [
        "#EXTM3U", "#PLAYLIST:Mine",
        "#EXTINF:62,Band – Song #EXTINF:1,Other", "#EXTALB:Album", "http://x/1",
        "#EXTINF:-1,Song", "http://x/2",
    ]  # fmt: skip


def test_a_channel_goes_round_in_order() -> None:
    assert programme(IDS, None, 8, 5) == ["v8", "v9", "v0", "v1", "v2"]
    assert programme(IDS[:2], None, 0, 5) == ["v0", "v1", "v0", "v1", "v0"]
    assert programme([], None, 0, 5) == []


def test_a_shuffled_channel_is_the_same_for_all_and_shows_everything_once_a_round() -> None:
    rounds = [programme(IDS, "seed", 10 * n, 10) for n in range(3)]
    assert all(sorted(each) == IDS for each in rounds)
    assert len({tuple(each) for each in rounds}) == 3
    assert programme(list(reversed(IDS)), "seed", 5, 15) == (rounds[0] + rounds[1])[5:]
    assert programme(IDS, "other", 0, 10) != rounds[0]
