"""The key is in nothing that is logged, kept or shown of a request that failed."""

from __future__ import annotations

import groq
import httpx
import pytest
from pydantic import SecretStr

from prodintel.llm import adapter
from prodintel.llm.credentials import Active

KEY = "gsk_secret_of_ours_4321"
ACTIVE = Active(SecretStr(KEY), "https://models.test", from_environment=False, account="a")


@pytest.mark.parametrize("status", [400, 401, 404, 413, 429, 500])
def test_answer_that_repeats_the_key(status):
    response = httpx.Response(status, request=httpx.Request("POST", "https://models.test"))
    body = {"error": {"message": f"Bearer {KEY} is wrong", "code": f"bad:{KEY}"}}
    with pytest.raises(adapter.CallFailedError) as caught, adapter._explained(ACTIVE):
        raise groq.APIStatusError("refused", response=response, body=body)
    failed = caught.value
    assert KEY not in f"{failed} {failed.details} {failed.provider_code}"
    assert failed.__suppress_context__


def test_key_shows_in_no_form_of_itself():
    assert KEY not in f"{ACTIVE} {ACTIVE!r} {ACTIVE.key}"
