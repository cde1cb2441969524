"""Forms of messages: a new thread, a reply, an edit, a state, the two switches."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID, uuid4, uuid5

from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    HiddenField,
    IntegerField,
    MultipleFileField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, Regexp

from backoffice.models.documents import DocumentKind
from backoffice.models.messages import MessageDraft, ThreadState
from backoffice.services.messages import MOST, FirstWords, To
from backoffice.web.documents_forms import KINDS
from backoffice.web.fields import Form
from backoffice.web.messages_about import KINDS as ABOUT

_KINDS = [SelectChoice(*kind) for kind in KINDS]
_TOO_LONG = f"A message holds {MOST:,} characters. Send it in two."
_KEY = Regexp(r"^[0-9a-f]{32}$", message="Open the page again: this form was not made by it.")


def _ids(field: SelectMultipleField) -> tuple[UUID, ...]:
    """Return what was ticked, without what is no id."""
    found = []
    for each in cast(Iterable[str], field.data or ()):
        try:
            found.append(UUID(each))
        except ValueError:
            continue
    return tuple(dict.fromkeys(found))


class Said(Form):
    """Words, what they bring along, and the key by which one form says one thing."""

    body = TextAreaField(
        "Message",
        [DataRequired("Write something first."), Length(max=MOST, message=_TOO_LONG)],
    )
    once = HiddenField("Form", [Optional(), _KEY], default=lambda: uuid4().hex)
    kind = SelectField("What the files are", [Optional()], choices=_KINDS, default="other")
    files = MultipleFileField("Files")
    photo = MultipleFileField("Photo")
    attached = SelectMultipleField("Documents", validate_choice=False)

    @property
    def attached_ids(self) -> tuple[UUID, ...]:
        """The documents that were ticked."""
        return _ids(self.attached)

    @property
    def uploads(self) -> list[FileStorage]:
        """The files that came along."""
        came = [*(self.files.data or ()), *(self.photo.data or ())]
        return [each for each in came if isinstance(each, FileStorage) and each.filename]

    @property
    def kind_of_files(self) -> DocumentKind:
        """What the files are."""
        return DocumentKind(self.kind.data) if self.kind.data else DocumentKind.OTHER

    def upload_id(self, number: int) -> UUID | None:
        """Return what names one of the files, so that the same form keeps it once."""
        return uuid5(UUID(self.once.data), str(number)) if self.once.data else None

    def renew(self) -> None:
        """Take another key: what stands in the form is to be said as something new."""
        self.once.data = uuid4().hex

    def keep(self, kept: Iterable[UUID]) -> None:
        """Tick documents that are kept already, should the form be shown again."""
        self.attached.data = [str(each) for each in dict.fromkeys((*self.attached_ids, *kept))]


class StartForm(Said):
    """The first message of a thread, and who takes part."""

    subject = StringField("Subject", [DataRequired("Say what it is about."), Length(max=120)])
    billers = BooleanField("All billers of this practice")
    readers = BooleanField("Owners and billing of the practice")
    people = SelectMultipleField("People", validate_choice=False)

    @property
    def to(self) -> To | None:
        """Who was chosen; None for those who usually take part."""
        chosen = self.chosen
        return chosen if chosen != To() else None

    @property
    def chosen(self) -> To:
        """What is ticked."""
        people = frozenset(_ids(self.people))
        return To(people, billers=bool(self.billers.data), readers=bool(self.readers.data))

    def fill(self, begun: MessageDraft) -> None:
        """Put in what was typed before."""
        self.subject.data, self.body.data = begun.subject, begun.body
        self.billers.data, self.readers.data = begun.billers, begun.readers
        self.people.data = [str(each) for each in begun.people_ids]


class FirstWordsForm(StartForm):
    """What is typed to begin a thread and what it is about, for keeping; nothing is asked for."""

    subject = StringField("Subject", [Length(max=120)])
    body = TextAreaField("Message")
    about = StringField("About")
    row = StringField("Row")
    away = StringField("Throw away")

    @property
    def stands_for(self) -> tuple[str | None, UUID | None]:
        """What the thread is to be about: the argument that names it, and its id."""
        try:
            row_id = UUID(self.row.data or "")
        except ValueError:
            return None, None
        return (self.about.data, row_id) if self.about.data in ABOUT else (None, None)

    @property
    def words(self) -> FirstWords:
        """What stands in it now."""
        return FirstWords(self.subject.data or "", self.body.data or "", self.chosen)


class ReplyForm(Said):
    """A reply, or an internal note where the house's people write one."""

    internal = RadioField("Who sees it", [Optional()], choices=["", "1"], default="")

    @property
    def is_internal(self) -> bool:
        """Whether it stays with the house."""
        return cast(str, self.internal.data) == "1"


class DraftForm(Form):
    """What is being typed."""

    body = TextAreaField("Message")
    internal = StringField("Who sees it")


class EditForm(Form):
    """A message's new words, and the version that they change."""

    body = TextAreaField(
        "Message",
        [DataRequired("Write something first."), Length(max=MOST, message=_TOO_LONG)],
    )
    version = IntegerField("Version", [InputRequired()])


class TakeBackForm(Form):
    """Why a message is withdrawn, if its author says so."""

    reason = StringField("Reason", [Optional(), Length(max=200)])


class SettleForm(Form):
    """Whom a thread waits for, or that it is done."""

    state = SelectField("State", choices=[state.value for state in ThreadState])


class SwitchForm(Form):
    """Messages on or off."""

    on = SelectField(
        "Messages", [Optional()], choices=[SelectChoice("1", "On"), SelectChoice("", "Off")]
    )

    @property
    def is_on(self) -> bool:
        """Whether they were switched on."""
        return bool(self.on.data)
