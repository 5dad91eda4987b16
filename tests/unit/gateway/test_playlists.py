"""Playlists as players read them."""

from mvidarr_api_gateway.playlists import Entry, credit, m3u, tuner, with_tickets


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


def test_a_channel_is_one_line_that_names_its_stream_and_its_guide() -> None:
    assert tuner("c1", 'My "own"\n#EXTINF:1', "http://x/ts", "http://x/xml").splitlines() == [
        '#EXTM3U url-tvg="http://x/xml" x-tvg-url="http://x/xml"',
        """#EXTINF:-1 tvg-id="c1" tvg-name="My 'own' #EXTINF:1" group-title="Music","""
        'My "own" #EXTINF:1',
        "http://x/ts",
    ]
