"""`backoffice routes`: every address of the portal, and what it asks of its visitor."""

import json
import sys
from dataclasses import asdict

import click

from backoffice.app import addresses
from backoffice.web.routes import Route, problems_in, routes_of


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, one object per rule.")
def routes(*, as_json: bool) -> None:
    """Print every rule with its methods, permission and object kinds.

    Exit 1 when an address says no permission, names a row of no known kind, or more than eight
    addresses are public.
    """
    found = routes_of(addresses())
    if as_json:
        click.echo(json.dumps([asdict(route) for route in found], indent=2))
    else:
        for route in found:
            click.echo(_line(route))
    problems = problems_in(found)
    for words in problems:
        click.echo(words, err=True)
    sys.exit(1 if problems else 0)


def _line(route: Route) -> str:
    kinds = ", ".join(named.kind for named in route.objects)
    asks = f"{route.permission} + second factor" if route.step_up else route.permission
    return f"{'|'.join(route.methods):<9} {route.rule:<75} {asks:<40} {kinds}".rstrip()
