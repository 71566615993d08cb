"""Photos find their products by their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.importing.matching import group_photos, match_groups


def grouped(*names: str, known: tuple[str, ...] = ()) -> dict[str, list[str]]:
    groups = group_photos(names, {key: key for key in known})
    return {group.key: group.names for group in groups}


def roles(*names: str, known: tuple[str, ...] = ()) -> dict[str, str]:
    groups = group_photos(names, {key: key for key in known})
    return {name: group.roles.get(name, "") for group in groups for name in group.names}


def test_names_that_differ_in_numbers_sides_and_punctuation_are_one_product():
    names = (
        "MUG-RED_back.jpg",
        "mug red (2).png",
        "MUG-RED-1.jpg",
        "MUG-RED.main.jpg",
        "Mug_Red/3.jpg",
        "in/MUG RED_800x800.jpg",
        "mug-red_9b2c7a60-1f0e-4a52-8f07-0a1b2c3d4e5f.jpg",
    )
    ((key, found),) = grouped(*names).items()
    assert key == "MUG-RED"
    assert sorted(found) == sorted(names)
    assert found[0] == "MUG-RED.main.jpg"
    assert found.index("MUG-RED-1.jpg") < found.index("mug red (2).png")
    assert found.index("mug red (2).png") < found.index("Mug_Red/3.jpg")


@pytest.mark.parametrize(
    "names",
    [
        ("iphone-14.jpg", "iphone-15.jpg"),
        ("notebook-a4-1.jpg", "notebook-a5-1.jpg"),
        ("mug-red.jpg", "mug-blue.jpg"),
        ("tank-top-1.jpg", "tank-dress-1.jpg"),
        ("music-box.jpg", "music-stand.jpg"),
        ("IMG_1234.jpg", "IMG_1235.jpg"),
        ("1.jpg", "2.jpg"),
        ("photos/1.jpg", "photos/2.jpg"),
        ("MUG/1.jpg", "PLATE/1.jpg"),
        ("赤いマグ.jpg", "青いマグ.jpg"),
        ("-.jpg", "_.jpg"),
    ],
)
def test_names_of_different_products_stay_apart(names):
    assert len(grouped(*names)) == len(names)


@pytest.mark.parametrize(
    "names",
    [
        ("chair 1.jpg", "chair 2.jpg", "chair 10.jpg"),
        ("chair.jpg", "chair-7.jpg"),
        ("chair1.jpg", "chair2.jpg"),
        ("chair-01-front.jpg", "chair-02-back.jpg"),
        ("tank.jpg", "tank-top.jpg", "tank_left_2.jpg"),
        ("Stuhl.jpg", "stuhl-Rückseite.jpg", "stuhl_verpackung.jpg"),
        ("stuhl-close-up.jpg", "stuhl size chart.jpg", "stuhl-größentabelle.jpg"),
        ("CHAIR/front.jpg", "CHAIR/IMG_0001.jpg", "CHAIR/IMG_0002.jpg"),
        ("a/CHAIR/photos/1.jpg", "b/chair/2.jpg"),
        ("Müsli.jpg", "mu\u0308sli-2.jpg"),
    ],
)
def test_photos_of_one_product_come_together_in_order(names):
    ((_, found),) = grouped(*names).items()
    assert found == list(names)


@pytest.mark.parametrize(
    "names",
    [
        ("Ceramic mug red/IMG_1234.jpg", "Ceramic mug red/IMG_1240.jpg"),
        ("Blue bowl/front.jpg", "Blue bowl/IMG_0001.jpg", "Blue bowl/shot a.jpg"),
        ("Lamp/closeup.jpg", "Lamp/lamp_final_v2.jpg"),
        ("Jug/7f3a9c.jpg", "Jug/PXL_2024.jpg", "Jug/WhatsApp Image 2024-01-01 at 10.00.jpeg"),
        ("shop/photos/Tray/1.jpg", "shop/photos/Tray/from above.jpg"),
    ],
)
def test_photos_in_a_products_folder_are_its_whatever_they_are_called(names):
    (found,) = grouped(*names).values()
    assert sorted(found) == sorted(names)


@pytest.mark.parametrize(
    "names",
    [
        ("Mugs/red mug.jpg", "Mugs/blue mug.jpg", "Mugs/green mug.jpg", "Mugs/IMG_1.jpg"),
        ("mug/mug-red.jpg", "mug/mug-blue.jpg", "mug/mug-green.jpg"),
    ],
)
def test_a_folder_of_many_products_is_none(names):
    assert len(grouped(*names)) == len(names)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("mug_main.jpg", "main"),
        ("mug-vorne.jpg", "main"),
        ("mug-back.jpg", "detail"),
        ("mug-Rückseite-2.jpg", "detail"),
        ("mug lifestyle.jpg", "lifestyle"),
        ("mug-swatch.jpg", "swatch"),
        ("mug-emballage.jpg", "packaging"),
        ("mug-box.jpg", "packaging"),
        ("mug_size-chart.jpg", "chart"),
        ("mug_Maßangaben.jpg", "chart"),
        ("mug-1.jpg", ""),
        ("mug-tył.jpg", "detail"),
    ],
)
def test_role_is_told_by_a_word_after_the_product(name, role):
    assert roles("mug.jpg", name)[name] == role
    assert roles(name, known=("mug",))[name] == role


def test_word_of_the_products_own_name_is_no_role():
    assert roles("front-door-mat-1.jpg", known=("front-door-mat",)) == {"front-door-mat-1.jpg": ""}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("MUG-RED-1.jpg", "MUG-RED-1"),
        ("mug red 2.jpg", "MUG-RED"),
        ("MUG.RED.XL.jpg", "MUG-RED-XL"),
        ("mugred_back.jpg", "MUG-RED"),
        ("MUG-RED/7.jpg", "MUG-RED"),
        ("photos/mug-red/1.jpg", "MUG-RED"),
        ("MUG-RED/AB12-front.jpg", "MUG-RED"),
        ("AB12_large blue mug.jpg", "AB12"),
        ("large-blue-mug_AB12_2.jpg", "AB12"),
        ("4006381333931_1.jpg", "4006381333931"),
        ("Mugs/4006381333931.jpg", "4006381333931"),
        ("größe.jpg", "Grosse"),
        ("GROẞE 2.jpg", "Grosse"),
    ],
)
def test_photo_goes_to_the_longest_identifier_that_it_names(name, key):
    known = ("MUG-RED", "MUG-RED-1", "MUG-RED-XL", "AB12", "4006381333931", "Grosse", "1", "7")
    assert grouped(name, known=known) == {key: [name]}


@pytest.mark.parametrize(
    "name", ["mug-tree-1.jpg", "AB123.jpg", "AB1C.jpg", "xAB12.jpg", "smug.jpg", "AB.jpg"]
)
def test_name_that_only_begins_like_an_identifier_is_not_its(name):
    groups = group_photos([name], {"mug": 1, "AB1": 2, "AB12": 3})
    assert match_groups(groups, {"mug": 1, "AB1": 2, "AB12": 3}) == {}


def test_name_that_means_several_products_is_alone_with_a_note():
    known = {"AB-1": "one", "A-B1": "two"}
    (group,) = group_photos(["ab1.jpg"], known)
    assert "A-B1 or AB-1" in group.note
    assert match_groups([group], known) == {}


def test_identifier_written_exactly_is_not_ambiguous():
    known = {"AB-1": "one", "A-B1": "two"}
    groups = group_photos(["ab-1.jpg"], known)
    assert match_groups(groups, known) == {"AB-1": "one"}


def test_two_identifiers_of_one_product_are_not_ambiguous():
    known = {"MUG-RED": "mug-red", "mug_red": "mug-red"}
    groups = group_photos(["mug red 1.jpg"], known)
    assert list(match_groups(groups, known).values()) == ["mug-red"]


def test_groups_are_matched_however_they_are_written():
    groups = group_photos(["mug red 1.jpg", "mug red 2.jpg", "plate.jpg"])
    assert match_groups(groups, {"MUG-RED": 7}) == {"mug red": 7}


def test_keys_fit_and_are_there_once():
    long = "x" * 500
    groups = group_photos(
        [f"{long}a.jpg", f"{long}b.jpg", "A/1.jpg", "a (1).jpg", "-.jpg", "-.png"]
    )
    keys = [group.key.casefold() for group in groups]
    assert len(set(keys)) == len(keys)
    assert all(0 < len(key) <= 200 for key in keys)


words = st.sampled_from(
    ["mug", "red", "AB12", "front", "back", "top", "größe", "1", "02", "15", "x"]
)
separators = st.sampled_from(["-", "_", " ", ".", "", "/", " ("])
stems = st.builds(
    "".join, st.lists(st.tuples(words, separators).map("".join), min_size=1, max_size=5)
)
any_names = st.lists(st.one_of(stems.map("{}.jpg".format), st.text(max_size=30)), max_size=12)


@given(names=any_names, known=st.lists(stems, max_size=4))
def test_every_photo_is_in_one_group_whatever_the_names(names, known):
    groups = group_photos(names, {key: key for key in known})
    placed = [name for group in groups for name in group.names]
    assert sorted(placed) == sorted(set(names))
    keys = [group.key.casefold() for group in groups]
    assert len(set(keys)) == len(keys)
    assert set(match_groups(groups, {key: key for key in known})) <= {g.key for g in groups}


@given(names=st.lists(stems.map("{}.jpg".format), max_size=8), seed=st.randoms())
def test_order_of_the_names_decides_nothing_but_the_order_of_the_groups(names, seed):
    shuffled = list(names)
    seed.shuffle(shuffled)

    def sets(given_names: list[str]) -> set[tuple[str, ...]]:
        return {tuple(group.names) for group in group_photos(given_names)}

    assert sets(names) == sets(shuffled)


@given(
    sku=st.from_regex(r"[A-Z]{2,4}-[0-9]{3,5}", fullmatch=True),
    ending=st.sampled_from(["", "-1", "_back", " (3)", ".main", "_size-chart", "-04-front"]),
    lower=st.booleans(),
)
def test_photo_named_after_an_sku_is_its(sku, ending, lower):
    name = f"{sku.lower() if lower else sku}{ending}.jpg"
    assert grouped(name, known=(sku,)) == {sku: [name]}
