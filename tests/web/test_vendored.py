"""What the browser is given: others' files are those named, and nothing inline, nothing foreign."""

import hashlib
import json
import re
from pathlib import Path
from typing import TypedDict

import pytest
from flask import Flask, render_template_string

from backoffice.rules.claim_status import ClaimStatus
from backoffice.web import assets, filters

VENDOR = assets.STATIC / "vendor"
TEMPLATES = Path(__file__).parents[2] / "templates"
PAGES = [page for page in TEMPLATES.rglob("*.html") if "email" not in page.parts]
OURS = [assets.STATIC / name for name in ("portal.css", "app.js", "icons.svg", "favicon.svg")]
STYLE_BUDGET = 25 * 1024


class Package(TypedDict):
    name: str
    version: str
    licence: str
    files: dict[str, str]


def manifest() -> list[Package]:
    packages: list[Package] = json.loads((VENDOR / "manifest.json").read_text())
    return packages


def test_every_vendored_file_is_named_with_its_digest() -> None:
    named = {name: digest for entry in manifest() for name, digest in entry["files"].items()}
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "manifest.json"
    }
    assert there == named


def test_every_vendored_package_has_a_version_and_a_licence_kept_beside_it() -> None:
    for entry in manifest():
        assert entry["name"]
        assert entry["licence"]
        assert all(entry["version"] in name for name in entry["files"])
        assert any(name.endswith(".LICENSE.txt") for name in entry["files"])


def test_the_style_stays_within_its_budget() -> None:
    assert len((assets.STATIC / "portal.css").read_bytes()) <= STYLE_BUDGET


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TEMPLATES)))
def test_a_page_holds_nothing_inline_that_the_content_policy_forbids(page: Path) -> None:
    text = re.sub(r"{#.*?#}", "", page.read_text(), flags=re.S)
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=|hx-on|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("page", [*PAGES, *OURS], ids=lambda page: page.name)
def test_nothing_is_asked_of_another_host(page: Path) -> None:
    text = page.read_text().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|[\"'(]//[a-z]", text)


def test_every_icon_a_page_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (assets.STATIC / "icons.svg").read_text()))
    for page in PAGES:
        for name in re.findall(r'\bicon\("([a-z-]+)"[,)]', page.read_text()):
            assert name in drawn, f"{page.name} names {name}"


@pytest.mark.parametrize("status", ClaimStatus)
def test_every_claim_status_has_a_glyph_of_its_own_a_tone_and_a_word(status: ClaimStatus) -> None:
    bare = Flask(__name__, template_folder=str(TEMPLATES))
    filters.register(bare)
    assets.register(bare)
    sprite = (assets.STATIC / "icons.svg").read_text()
    glyph = "status-" + status.value.replace("_", "-")

    with bare.app_context():
        shown = render_template_string(
            '{% from "macros/status.html" import claim_status %}{{ claim_status(status) }}',
            status=status,
        )

    assert f'<symbol id="{glyph}"' in sprite
    assert f"#{glyph}" in shown
    assert filters.label(status) in shown
    assert re.search(r'class="status (ok|warn|bad|info|teal|violet|mute)"', shown)


def test_an_address_changes_with_the_files_content_and_must_exist() -> None:
    digest = hashlib.sha256((assets.STATIC / "app.js").read_bytes()).hexdigest()
    assert assets.asset("app.js") == f"/static/app.js?v={digest[: assets.DIGEST_LENGTH]}"
    with pytest.raises(FileNotFoundError):
        assets.asset("nowhere.js")


def test_an_icons_label_cannot_inject() -> None:
    assert 'aria-label="&lt;b&gt;"' in assets.icon("flag", label="<b>")
    assert 'aria-hidden="true"' in assets.icon("flag")
