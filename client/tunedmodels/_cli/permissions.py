"""Contains the commands ``permissions``, which manage the roles of users and groups for a tuned model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import json_output, tables
from .connection import Connection, connection_options
from .text import escape

if TYPE_CHECKING:
    from .._client import Client
    from .._messages.permission import Permission
    from .._resources.permissions import Permissions

_HEADERS = ("PERMISSION", "ROLE", "GRANTEE", "EMAIL")

_permission = click.argument("permission")
_role = click.option(
    "--role",
    required=True,
    type=click.Choice(["reader", "writer"], case_sensitive=False),
    help="A reader uses the model; a writer also changes and shares it.",
)


@click.group()
def permissions() -> None:
    """Manage who may use a tuned model. This needs OAuth; an API key does not work.

    Name a PERMISSION tunedModels/{id}/permissions/{id}, as the list shows it. To change the owner, use
    `tunedmodels transfer`.
    """


@permissions.command("list")
@click.argument("name")
@connection_options
def list_(connection: Connection, as_json: bool, name: str) -> None:
    """List the permissions of the tuned model NAME."""
    with connection.client() as client:
        permissions_list = list(client.tuned_models.permissions(name).list())
    if as_json:
        json_output.write([permission.to_json() for permission in permissions_list])
    else:
        tables.write(
            _HEADERS, [_row(permission) for permission in permissions_list], f"{escape(name)} has no permissions."
        )


@permissions.command()
@_permission
@connection_options
def get(connection: Connection, as_json: bool, permission: str) -> None:
    """Show one permission."""
    with connection.client() as client:
        _write(_collection(client, permission).get(permission), as_json=as_json)


@permissions.command()
@click.argument("name")
@_role
@click.option("--user", metavar="EMAIL", help="Grant the role to this user.")
@click.option("--group", metavar="EMAIL", help="Grant the role to this group.")
@click.option("--everyone", is_flag=True, help="Grant the role to everyone.")
@connection_options
def create(
    connection: Connection,
    as_json: bool,
    name: str,
    role: str,
    user: str | None,
    group: str | None,
    everyone: bool,
) -> None:
    """Grant a role for the tuned model NAME."""
    if (user is not None) + (group is not None) + everyone != 1:
        raise click.UsageError("Give one of --user, --group and --everyone.")
    kind = "USER" if user is not None else "GROUP" if group is not None else "EVERYONE"
    address = group if user is None else user
    with connection.client() as client:
        permission = client.tuned_models.permissions(name).create(role.upper(), address, kind)
    _write(permission, as_json=as_json)


@permissions.command()
@_permission
@_role
@connection_options
def update(connection: Connection, as_json: bool, permission: str, role: str) -> None:
    """Change the role of a permission."""
    with connection.client() as client:
        _write(_collection(client, permission).update(permission, role.upper()), as_json=as_json)


@permissions.command()
@_permission
@connection_options
def delete(connection: Connection, as_json: bool, permission: str) -> None:
    """Delete a permission."""
    with connection.client() as client:
        _collection(client, permission).delete(permission)
    if as_json:
        json_output.write({"name": permission})
    else:
        click.echo(f"{escape(permission)} is deleted.", err=True)


def _collection(client: Client, permission: str) -> Permissions:
    """Return the collection that contains *permission*. Raise ValueError if it is not the name of a permission."""
    model, permission_id, _ = permission.partition("/permissions/")
    if not permission_id:
        form = "tunedModels/{id}/permissions/{id}"
        raise ValueError(f"A permission's name has the form {form}; {permission!r} does not.")
    return client.tuned_models.permissions(model)


def _row(permission: Permission) -> tuple[str, str, str, str]:
    members = (permission.name, permission.role, permission.grantee_type, permission.email_address)
    name, role, kind, address = (escape(member or "") for member in members)
    return name, role, kind, address


def _write(permission: Permission, *, as_json: bool) -> None:
    if as_json:
        json_output.write(permission.to_json())
    else:
        names = ("permission", "role", "grantee", "email")
        tables.write_members(list(zip(names, _row(permission), strict=True)))
