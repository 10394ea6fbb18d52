"""The page that describes the API, with its scripts from an installed package: nothing is loaded from elsewhere."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse, RedirectResponse

PATH = "/docs"
ASSETS = f"{PATH}/assets"


def install(app: FastAPI) -> None:
    """Serve the page at ``/docs``."""
    app.mount(ASSETS, StaticFiles(packages=[("fastapi_offline", "static")]), name="assets")

    @app.get("/", include_in_schema=False)
    def root() -> RedirectResponse:
        return RedirectResponse(PATH)

    @app.get(PATH, include_in_schema=False)
    def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="docqa: the API",
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS}/favicon.png",
        )
