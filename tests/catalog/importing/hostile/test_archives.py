"""Archives that strangers made: each trick has its answer, and the honest rest is read."""

from __future__ import annotations

import io
import os
import random
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.importing import archives, zip_directory
from catalog.importing.archives import (
    OTHER,
    PHOTO,
    TABLE,
    ArchiveRejected,
    MemberRejected,
    open_archive,
)
from catalog.importing.tables.kinds import kind_of
from catalog.importing.tables.rows import FileRejected

KILOBYTE = 1024


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def packed(tmp_path):
    """Packs files, {name or ZipInfo: bytes}, and gives the archive's path."""

    def pack(files, *, method=zipfile.ZIP_DEFLATED, change=lambda data: data) -> Path:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, data in files.items() if isinstance(files, dict) else files:
                archive.writestr(name, data)
        path = tmp_path / "a.zip"
        path.write_bytes(change(buffer.getvalue()))
        return path

    return pack


def info(name: str, *, mode: int = 0, flags: int = 0) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    made.flag_bits = flags
    return made


def names(path: Path) -> list[str]:
    with open_archive(path) as archive:
        return [member.name for member in archive.members]


def refused(path: Path) -> dict[str, str]:
    with open_archive(path) as archive:
        return {each.name: each.message for each in archive.refused}


def rejection(path: Path) -> str:
    with pytest.raises(ArchiveRejected) as caught, open_archive(path):
        pass
    return caught.value.message


def test_members_are_listed_by_kind_and_read(packed):
    path = packed({"a/red.JPG": b"photo", "list.csv": b"sku\n", "read me.pdf": b"x", "a/": b""})
    with open_archive(path) as archive:
        found = [(member.name, member.size, member.kind) for member in archive.members]
        assert found == [("a/red.JPG", 5, PHOTO), ("list.csv", 4, TABLE), ("read me.pdf", 1, OTHER)]
        assert [archive.read(member) for member in archive.members] == [b"photo", b"sku\n", b"x"]
        assert archive.refused == []


def test_table_is_taken_out_under_a_name_of_our_own_until_the_archive_is_closed(packed, tmp_path):
    with open_archive(packed({"../x/list.csv": b"", "in/list.csv": b"sku\n"})) as archive:
        (member,) = archive.members
        path = archive.extract_table(member)
        assert path.read_bytes() == b"sku\n"
        assert path.suffix == ".csv"
        assert path.is_relative_to(tmp_path / "tmp")
        assert "list" not in path.name
        assert path.stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "tmp").iterdir()) == []


def test_member_is_found_as_tables_name_it(packed):
    path = packed({"photos/Müg.jpg": b"1", "a/x.jpg": b"2", "b/x.jpg": b"3"})
    with open_archive(path) as archive:

        def found(name: str) -> str | None:
            member = archive.find(name)
            return member.name if member else None

        assert found("photos/Müg.jpg") == "photos/Müg.jpg"
        assert found("./PHOTOS\\mu\u0308g.jpg") == "photos/Müg.jpg"
        assert found("MÜG.JPG") == "photos/Müg.jpg"
        assert found("b/x.jpg") == "b/x.jpg"
        assert found("x.jpg") is None
        assert found("c/x.jpg") is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Rar!\x1a\x07\x01\x00", "RAR archive"),
        (b"7z\xbc\xaf\x27\x1c\0", "7-Zip archive"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"BZh9", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"\x28\xb5\x2f\xfd", "Zstandard"),
        (b"", "no zip file"),
        (b"PK\3\4 and no more", "no zip file"),
        (b"\xff\xd8\xff photo", "no zip file"),
    ],
)
def test_what_is_no_zip_is_refused_with_what_to_do(tmp_path, data, words):
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert words in rejection(path)


def test_tar_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "a.zip"
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("a.jpg"))
    assert "tar archive" in rejection(path)


@pytest.mark.parametrize(
    "name",
    [
        "../a.jpg",
        "x/../../a.jpg",
        "..\\..\\a.jpg",
        "/etc/a.jpg",
        "\\\\server\\a.jpg",
        "C:\\a.jpg",
        "c:a.jpg",
    ],
)
def test_name_that_leads_out_is_refused(packed, name):
    path = packed({name: b"1", "good.jpg": b"2"})
    assert names(path) == ["good.jpg"]
    assert list(refused(path).values()) == ["Its name leads out of the archive."]


@pytest.mark.parametrize("name", ["a\x01b.jpg", "a\u202egpj.exe.jpg", "a" * 2000 + ".jpg"])
def test_name_that_cannot_be_shown_is_refused(packed, name):
    path = packed({name: b"1"})
    assert names(path) == []
    (shown,) = refused(path)
    assert shown.isprintable()


def test_backslashes_of_windows_are_folders(packed):
    assert names(packed({"a\\b\\c.jpg": b"1"})) == ["a/b/c.jpg"]


@pytest.mark.parametrize(
    ("mode", "words"), [(0o120777, "a link"), (0o020666, "no file"), (0o010644, "no file")]
)
def test_links_and_devices_are_refused(packed, mode, words):
    path = packed({info("a.jpg", mode=mode): b"/etc/passwd", "good.jpg": b"2"})
    assert names(path) == ["good.jpg"]
    assert words in refused(path)["a.jpg"]


@pytest.mark.parametrize("suffix", ["zip", "RAR", "7z", "tar.gz", "tgz"])
def test_archive_in_the_archive_is_listed_and_not_opened(packed, suffix):
    path = packed({f"inner.{suffix}": b"PK", "good.jpg": b"2"})
    assert names(path) == ["good.jpg"]
    assert "an archive in the archive" in refused(path)[f"inner.{suffix}"]


def test_encrypted_member_is_refused(packed):
    def encrypt(data: bytes) -> bytes:
        at = data.index(b"PK\1\2") + 8
        return data[:at] + b"\1" + data[at + 1 :]

    assert "password" in refused(packed({"a.jpg": b"1"}, change=encrypt))["a.jpg"]


def test_rare_compression_is_refused(packed):
    path = packed({"a.jpg": b"1" * 99}, method=zipfile.ZIP_LZMA)
    assert "ordinary zip" in refused(path)["a.jpg"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a/Mug.jpg", "A/MUG.JPG"),
        ("m\u00fcg.jpg", "mu\u0308g.jpg"),
        ("straße.jpg", "STRASSE.JPG"),
        ("a/b.jpg", "a\\b.jpg"),
    ],
)
def test_second_file_of_the_same_name_is_refused(packed, first, second):
    path = packed([(first, b"1"), (second, b"2")])
    assert len(names(path)) == 1
    assert "another file of this name" in next(iter(refused(path).values()))
    with open_archive(path) as archive:
        assert archive.read(archive.members[0]) == b"1"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_second_file_of_the_very_same_name_is_refused(packed):
    path = packed([("a.jpg", b"1"), ("a.jpg", b"2")])
    assert (names(path), len(refused(path))) == (["a.jpg"], 1)


def test_what_systems_leave_behind_is_ignored_silently(packed):
    litter = [
        "__MACOSX/._a.jpg",
        "__MACOSX/x.zip",
        ".DS_Store",
        "x/Thumbs.db",
        "x/.git/a.jpg",
        "desktop.ini",
        "~$list.xlsx",
    ]
    path = packed(dict.fromkeys(litter, b"x") | {"a.jpg": b"1"})
    assert names(path) == ["a.jpg"]
    assert refused(path) == {}


@pytest.mark.parametrize("encoding", ["cp932", "cp1252", "cp437", "cp1251", "utf-8", "gb18030"])
def test_names_in_the_encodings_of_the_world_are_read(packed, encoding):
    written = {
        "cp932": ["赤いマグカップ.jpg", "商品写真_正面.jpg", "青いタオル.jpg"],
        "cp1252": ["Müsli-Schüssel.jpg", "Größentabelle für Röcke.jpg", "crème brûlée.jpg"],
        "cp437": ["Müsli-Schüssel.jpg", "Größentabelle für Röcke.jpg", "blaue Gläser.jpg"],
        "cp1251": ["красная кружка.jpg", "синяя тарелка.jpg", "полотенце.jpg"],
        "utf-8": ["赤いマグカップ.jpg", "Müsli.jpg"],
        "gb18030": ["红色马克杯.jpg", "产品照片正面.jpg", "蓝色毛巾.jpg"],
    }[encoding]

    def rename(data: bytes) -> bytes:
        for number, name in enumerate(written):
            raw = name.encode(encoding)
            data = data.replace(placeholder(number, raw), raw)
        return data

    def placeholder(number: int, raw: bytes) -> bytes:
        return (f"{number}" * len(raw)).encode()

    files = {placeholder(n, name.encode(encoding)).decode(): b"x" for n, name in enumerate(written)}
    assert names(packed(files, change=rename)) == written


def test_second_telling_of_a_name_counts_while_it_belongs_to_the_first(packed):
    def extra(raw: bytes, crc_of: bytes) -> bytes:
        body = struct.pack("<BL", 1, zlib.crc32(crc_of)) + raw
        return struct.pack("<HH", 0x7075, len(body)) + body

    told = info("m_g.jpg")
    told.extra = extra("müg.jpg".encode(), b"m_g.jpg")
    stale = info("b.jpg")
    stale.extra = extra(b"old.jpg", b"a.jpg")
    assert names(packed({told: b"1", stale: b"2"})) == ["müg.jpg", "b.jpg"]


def test_name_that_is_marked_as_utf8_and_is_not_is_read_otherwise(packed):
    def spoil(data: bytes) -> bytes:
        return data.replace("ü".encode(), b"\xff\xfe")

    assert len(names(packed({"ü.jpg": b"1", "b.jpg": b"2"}, change=spoil))) == 2


def test_damaged_member_is_told_and_the_others_are_read(packed):
    def spoil(data: bytes) -> bytes:
        at = data.index(b"first")
        return data[:at] + b"tsrif" + data[at + 5 :]

    path = packed({"a.jpg": b"first", "b.jpg": b"second"}, method=zipfile.ZIP_STORED, change=spoil)
    with open_archive(path) as archive:
        with pytest.raises(MemberRejected, match="damaged"):
            archive.read(archive.members[0])
        assert archive.read(archive.members[1]) == b"second"


def with_sizes(*, size: int | None = None, compressed: int | None = None):
    """Has the directory tell other sizes of the first member than it has."""

    def change(data: bytes) -> bytes:
        at = data.index(b"PK\1\2")
        changed = bytearray(data)
        if compressed is not None:
            struct.pack_into("<L", changed, at + 20, compressed)
        if size is not None:
            struct.pack_into("<L", changed, at + 24, size)
        return bytes(changed)

    return change


@pytest.mark.parametrize("size", [0, 10, 99_999, 100_001])
def test_member_that_lies_about_its_size_is_refused_when_it_is_read(packed, size):
    path = packed({"a.jpg": os.urandom(50) + b"\0" * 99_950}, change=with_sizes(size=size))
    with open_archive(path) as archive, pytest.raises(MemberRejected):
        archive.read(archive.members[0])


def test_member_that_unpacks_to_more_than_it_says_is_not_unpacked_to_its_end(packed):
    path = packed({"a.jpg": b"\0" * 50_000_000}, change=with_sizes(size=1000))
    with open_archive(path) as archive:
        pieces = zip_directory.entry_bytes(archive._file.fileno(), archive.members[0].entry)
        with pytest.raises(zip_directory.EntryBroken):
            list(pieces)


@pytest.mark.parametrize("cut", [10, 200, 900])
def test_archive_that_was_cut_off_is_refused(packed, cut):
    path = packed({"a.jpg": os.urandom(500), "b.jpg": os.urandom(500)})
    path.write_bytes(path.read_bytes()[:-cut])
    assert "upload it again" in rejection(path)


def test_archive_that_lacks_its_beginning_is_refused(packed):
    path = packed({"a.jpg": os.urandom(5000)})
    path.write_bytes(path.read_bytes()[3000:])
    assert rejection(path)


def test_archive_behind_a_program_is_read(packed):
    path = packed({"a.jpg": b"1"}, change=lambda data: b"MZ program" * 100 + data)
    with open_archive(path) as archive:
        assert archive.read(archive.members[0]) == b"1"


def test_split_archive_is_refused(packed):
    def split(data: bytes) -> bytes:
        at = data.rindex(b"PK\5\6") + 4
        return data[:at] + b"\1\0" + data[at + 2 :]

    assert "split archive" in rejection(packed({"a.jpg": b"1"}, change=split))


def test_members_that_share_their_bytes_are_refused(packed):
    """As in the bomb of David Fifield, 42 kB to 5 GB and more."""

    def overlap(data: bytes) -> bytes:
        second = data.index(b"PK\1\2", data.index(b"PK\1\2") + 4)
        return data[: second + 42] + b"\0\0\0\0" + data[second + 46 :]

    path = packed({"a.jpg": b"1" * 99, "b.jpg": b"1" * 99}, change=overlap)
    assert "overlap" in rejection(path)


def test_member_that_contains_the_next_one_is_refused(packed):
    """The quoted kind: a stored member's bytes are the next member, header and all."""
    path = packed(
        {"a.jpg": b"x" * 99, "b.jpg": b"y" * 99},
        method=zipfile.ZIP_STORED,
        change=with_sizes(size=150, compressed=150),
    )
    assert "overlap" in rejection(path)


def test_archive_that_unpacks_to_far_more_is_refused(packed, monkeypatch):
    monkeypatch.setattr(archives, "TOTAL_RATIO_FROM", 1_000_000)
    path = packed({f"{n}.jpg": b"\0" * 500_000 for n in range(3)})
    assert "Unpacked" in rejection(path)


def test_archive_that_unpacks_to_more_than_there_is_room_for_is_refused(packed, settings):
    settings.MAX_UPLOAD_BYTES = 100
    assert "Unpacked" in rejection(packed({"a.jpg": os.urandom(401)}))


def test_photo_that_is_too_large_is_refused_by_what_it_says(packed, settings):
    settings.MAX_PHOTO_BYTES = KILOBYTE
    path = packed({"a.jpg": b"x" * 2000, "list.csv": b"x" * 2000})
    assert names(path) == ["list.csv"]
    assert "at most" in refused(path)["a.jpg"]


def test_table_that_is_a_bomb_is_refused(packed, monkeypatch):
    monkeypatch.setattr(archives, "TABLE_RATIO_FROM", 1000)
    assert "Split it" in refused(packed({"a.csv": b"\0" * 1_000_000}))["a.csv"]


def test_number_of_files_is_bounded_without_reading_on(packed, monkeypatch):
    monkeypatch.setattr(archives, "MAX_ENTRIES", 2)
    assert "more than 2 files" in rejection(packed({f"{n}.jpg": b"" for n in range(3)}))


def test_zip64_is_read(tmp_path):
    path = tmp_path / "a.zip"
    with (
        zipfile.ZipFile(path, "w") as archive,
        archive.open("a.jpg", "w", force_zip64=True) as file,
    ):
        file.write(b"photo")
    data = bytearray(path.read_bytes())
    # As programs write that do not know the size beforehand: all three numbers in the extra field.
    at = data.index(b"PK\1\2")
    extra = struct.pack("<HHQQQ", 1, 24, 5, 5, 0)
    name_end = at + 46 + 5
    data[at + 20 : at + 28] = b"\xff" * 8
    data[at + 30 : at + 32] = struct.pack("<H", len(extra))
    data[at + 42 : at + 46] = b"\xff" * 4
    data[name_end:name_end] = extra
    end = data.rindex(b"PK\5\6")
    size = end - at
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, size, at)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    path.write_bytes(bytes(data[:end]) + end64 + locator + tail)
    with open_archive(path) as found:
        assert found.members[0].size == 5
        assert found.read(found.members[0]) == b"photo"


@pytest.fixture(scope="module")
def honest() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", b"photo" * 20)
        archive.writestr("ü.csv", b"sku;title\n" * 20)
    return buffer.getvalue()


@given(data=st.data())
def test_no_damage_raises_anything_else(honest, tmp_path_factory, data):
    """Whatever bytes are changed, cut out or doubled, it is an answer or one of the two refusals."""
    random_ = random.Random(data.draw(st.integers(0, 2**32)))
    changed = bytearray(honest)
    for _ in range(random_.randint(1, 6)):
        at = random_.randrange(len(changed))
        length = random_.randint(1, 8)
        changed[at : at + length] = random_.choice(
            [b"", random_.randbytes(length), b"\xff" * length, bytes(changed[at : at + length]) * 2]
        )
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(bytes(changed))
    try:
        with open_archive(path) as archive:
            for member in archive.members:
                try:
                    assert len(archive.read(member)) == member.size
                except MemberRejected:
                    continue
    except ArchiveRejected:
        return


def test_a_directory_of_endless_names_is_refused_before_it_is_read(packed, monkeypatch):
    monkeypatch.setattr(zip_directory, "MAX_DIRECTORY_BYTES", 1000)
    assert "too long" in rejection(packed({"a" * 1000: b""}))


def test_a_workbook_of_endless_names_is_refused_before_it_is_read(packed, monkeypatch):
    monkeypatch.setattr(zip_directory, "MAX_DIRECTORY_BYTES", 1000)
    with pytest.raises(FileRejected):
        kind_of(packed({"a" * 1000: b""}))
