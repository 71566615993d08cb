"""Imports over the API."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalog.ingest.jobs import IMPORT_KINDS, job_step
from catalog.models import ColumnMapping, Import, Product
from catalog.uploads.services import upload_store

pytestmark = pytest.mark.django_db

TABLE = b"""SKU,Title,Price
M1,Red mug,12.50
M2,Blue mug,about ten
"""


def work():
    while job_step(IMPORT_KINDS, owner="test/1"):
        pass


def file(data=TABLE, name="mugs.csv"):
    return SimpleUploadedFile(name, data)


@pytest.fixture
def bring(api, catalog, data_dir, vocabulary):
    def send(**form):
        return api.post(f"/catalogs/{catalog.slug}/imports", **form)

    return send


def test_file_is_read_and_imported_by_itself(api, bring):
    status, answer = bring(file=file())
    assert (status, answer["state"], answer["phase"]) == (202, "reading", "reading")
    work()
    status, answer = api.get(f"/imports/{answer['id']}")
    assert (status, answer["state"], answer["rows"], answer["created"]) == (200, "done", 2, 2)
    assert answer["phase"] == ""
    assert answer["errors"] + answer["warnings"] == [
        {"row": 3, "field": "Price", "message": answer["warnings"][0]["message"]}
    ]
    assert {"updated", "unchanged", "skipped", "photos", "seconds_left"} <= answer.keys()


def test_preview_waits_until_it_is_started(api, bring):
    _, answer = bring(file=file(), preview="true")
    work()
    _, answer = api.get(f"/imports/{answer['id']}")
    assert (answer["state"], answer["to_create"]) == ("ready", 2)
    assert not Product.objects.exists()
    assert api.send("POST", f"/imports/{answer['id']}/start")[0] == 202
    work()
    assert Product.objects.count() == 2


def test_same_file_again_changes_nothing(api, bring):
    bring(file=file())
    work()
    _, answer = bring(file=file())
    work()
    _, answer = api.get(f"/imports/{answer['id']}")
    assert (answer["created"], answer["updated"], answer["unchanged"]) == (0, 0, 2)


def test_undo_takes_it_back(api, bring):
    _, answer = bring(file=file())
    work()
    assert api.send("POST", f"/imports/{answer['id']}/undo")[0] == 202
    work()
    assert api.get(f"/imports/{answer['id']}")[1]["state"] == "undone"
    assert not Product.objects.alive().exists()


def test_import_that_ended_is_not_stopped(api, bring):
    _, answer = bring(file=file())
    work()
    status, refusal = api.send("POST", f"/imports/{answer['id']}/stop")
    assert status == 422
    assert "ended" in refusal["error"]["message"]


def test_options_of_the_form_count(bring):
    _, answer = bring(file=file(), mode="update", blanks="clear", over_people="true")
    assert answer["options"]["mode"] == "update"
    assert answer["options"]["over_people"] is True


@pytest.mark.parametrize("form", [{"mode": "sometimes"}, {"blanks": "x"}, {"file_upload": "x"}])
def test_option_that_there_is_not_is_refused_and_nothing_is_kept(bring, form):
    assert bring(file=file(), **form)[0] == 422
    assert not Import.objects.exists()


def test_call_without_a_file_says_what_to_do(bring):
    status, answer = bring(mode="both")
    assert status == 422
    assert "Choose a table" in answer["error"]["message"]


def test_file_that_came_in_parts_is_taken_by_its_id(bring, catalog, person):
    upload = upload_store(catalog=catalog, actor=person, name="mugs.csv", chunks=[TABLE])
    status, answer = bring(file_upload=str(upload.pk))
    assert (status, answer["name"]) == (202, "mugs.csv")


def test_columns_are_said_and_the_file_is_read_anew(api, bring):
    _, answer = bring(file=file(b"Nummer,Name\nM1,Red mug\n"), preview="true")
    work()
    mapping = {"Nummer": "variant.sku", "Name": "product.title"}
    body = {"mapping": mapping, "start": True}
    assert api.send("POST", f"/imports/{answer['id']}/columns", body)[0] == 202
    work()
    assert Product.objects.get().title == "Red mug"


def test_upload_alone_remembers_no_columns(bring):
    bring(file=file())
    assert not ColumnMapping.objects.exists()


def test_report_is_csv_with_what_is_wrong(api, bring):
    _, answer = bring(file=file())
    work()
    report = api.client.get(f"/api/v1/imports/{answer['id']}/report")
    text = b"".join(report.streaming_content).decode("utf-8-sig")
    assert report["Content-Type"].startswith("text/csv")
    assert text.splitlines()[0] == "SKU,Title,Price,Problems"
    assert "M2" in text
    assert "M1" not in text


def test_imports_are_listed_and_forgotten(api, bring, catalog):
    _, answer = bring(file=file(), preview="true")
    work()
    _, listed = api.get(f"/catalogs/{catalog.slug}/imports")
    assert [each["id"] for each in listed] == [answer["id"]]
    assert api.send("DELETE", f"/imports/{answer['id']}")[0] == 204
    assert api.get(f"/imports/{answer['id']}")[0] == 404
