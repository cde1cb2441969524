"""The box of acknowledgements over HTTP: a file stays until it is removed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backoffice.gateways.ack_mailbox import (
    AckMailbox,
    HttpFolder,
    InMemoryMailbox,
    MailboxFileGone,
    MailboxUnreachable,
)
from backoffice.gateways.clearinghouse import ClaimMd
from backoffice.sandbox.clearinghouse import Options, SandboxClearinghouse
from tests.sandbox.claim_files import a_claim, a_file, name_of


@pytest.fixture(params=["http", "memory"])
def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AckMailbox]:
    if request.param == "memory":
        memory = InMemoryMailbox()
        memory.files["000001.999"] = b"ISA"
        yield memory
        return
    options = Options(tmp_path, ("key",), seconds_per_day=10_000, pyx12_every=0)
    with SandboxClearinghouse(options) as sandbox:
        ClaimMd(sandbox.url, "key").send(a_file(1, a_claim("PCN1")), name_of(1))
        yield HttpFolder(sandbox.mailbox_url)


def test_a_file_is_listed_with_its_size_and_fetched_again_and_again(mailbox: AckMailbox) -> None:
    listed = next(file for file in mailbox.list() if file.name.endswith(".999"))

    first, second = mailbox.fetch(listed.name), mailbox.fetch(listed.name)

    assert first == second
    assert len(first) == listed.size
    assert first.startswith(b"ISA")


def test_a_file_is_gone_once_removed_and_removing_it_again_is_no_error(mailbox: AckMailbox) -> None:
    name = mailbox.list()[0].name

    mailbox.remove(name)
    mailbox.remove(name)

    assert name not in [file.name for file in mailbox.list()]
    with pytest.raises(MailboxFileGone):
        mailbox.fetch(name)


@pytest.mark.parametrize("name", ["../secret", "a/b", "", ".hidden", "a\nb"])
def test_a_name_that_no_box_can_hold_never_leaves_the_house(name: str) -> None:
    with pytest.raises(MailboxFileGone):
        HttpFolder("http://127.0.0.1:1/mailbox").fetch(name)


def test_a_box_that_does_not_answer_is_unreachable() -> None:
    with pytest.raises(MailboxUnreachable):
        HttpFolder("http://127.0.0.1:1/mailbox").list()
