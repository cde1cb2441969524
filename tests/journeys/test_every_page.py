"""Every place that the navigation offers: accessible, within the screen, and without complaint."""

from collections.abc import Callable

import pytest

from tests.journeys.desk import Seat

pytestmark = pytest.mark.browser

PRACTICE = {"/unbilled", "/claims", "/messages/", "/documents/"}
STAFF = PRACTICE | {"/today", "/submissions/", "/eras/", "/intake"}


@pytest.mark.parametrize(
    ("email", "phone", "offered"),
    [
        ("ana@cleanclaim.example", False, STAFF),
        ("cleo@cleanclaim.example", False, STAFF),
        ("oona@harbor.example", True, PRACTICE),
        ("oakley@harbor.example", True, PRACTICE),
    ],
)
def test_every_place_of_the_navigation_is_sound(
    sit: Callable[..., Seat], email: str, phone: bool, offered: set[str]
) -> None:
    seat = sit(email, phone=phone)

    places = seat.places()

    assert offered <= set(places)
    faults = []
    for place in places:
        seat.page.goto(place)
        seat.picture(f"{email.split('@')[0]}{place.replace('/', '-')}")
        faults += seat.faults()
    assert faults == []
