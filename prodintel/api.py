"""Composition of the HTTP API."""

from ninja import NinjaAPI, Swagger

from catalog import api as catalog_api
from catalog.api.auth import TokenAuth
from tools import api as tools_api

api = NinjaAPI(
    title="Prodintel",
    version="1",
    description="Catalogues, products and search. Make a token in the admin or with "
    "`manage.py create_token USERNAME`.",
    urls_namespace="api",
    auth=TokenAuth(),
    docs=Swagger(settings={"persistAuthorization": True}),
)
catalog_api.add_error_handlers(api)
for router in (*catalog_api.ROUTERS, *tools_api.ROUTERS):
    api.add_router("", router)
