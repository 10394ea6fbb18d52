"""``/docs``: the page that describes the API, without anything from elsewhere."""

from __future__ import annotations

import re

import httpx


def test_the_page_loads_its_scripts_and_styles_from_the_service_itself(base: str) -> None:
    page = httpx.get(f"{base}/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) >= 2
    for address in loaded:
        assert address.startswith("/docs/assets/")
        assert httpx.get(base + address).status_code == 200


def test_a_browser_is_told_to_load_nothing_from_elsewhere(base: str) -> None:
    policy = httpx.get(f"{base}/docs").headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "https:" not in policy
