"""Who may go on with an upload."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404

from catalog import selectors
from catalog.models import Upload


def upload_for(user: Any, slug: str, pk: UUID) -> Upload:
    """An upload of the catalogue that `user` began and may still bring something into.

    Raises Http404; PermissionDenied, also for uploads of others.
    """
    catalog = selectors.catalog_for(user, slug, selectors.EDIT)
    upload = Upload.objects.filter(pk=pk, catalog=catalog).first()
    if upload is None:
        raise Http404
    if upload.created_by_id != user.pk:
        raise PermissionDenied("Somebody else began this upload. Begin one of your own.")
    upload.catalog = catalog
    return upload
