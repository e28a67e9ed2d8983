"""Defines a command with a few options, in place of the mock server's own, for the tests of the README's runner."""

from __future__ import annotations

import click


@click.group()
def main() -> None:
    pass


@main.command()
@click.option("--port", type=int)
@click.option("--fast/--no-fast")
def serve(**_options: object) -> None:
    pass


@main.command()
@click.option("--quick", is_flag=True)
def demo(**_options: object) -> None:
    pass


@main.command()
def env() -> None:
    click.echo("export SET='a b'\nunset EXPORTED")


@main.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1)
def execute(command: tuple[str, ...]) -> None:
    raise SystemExit(int(command[-1]))


@main.group()
def clock() -> None:
    pass


@clock.command()
@click.argument("seconds")
@click.option("--rate")
def advance(**_options: object) -> None:
    pass


if __name__ == "__main__":
    main()
