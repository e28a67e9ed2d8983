"""The methods for the permissions of a tuned model. They accept OAuth only, no API key."""

from __future__ import annotations

from .._messages.permission import GranteeType, Permission, Role
from .._transport.transport import Json, Transport
from . import resource_names, response_messages
from .pager import Pager


class Permissions:
    """The permissions to use, change and own one tuned model.

    A method accepts the id of a permission, its full name, or a Permission. Every method raises the errors that the
    methods of TunedModels raise.
    """

    def __init__(self, transport: Transport, model: str) -> None:
        self._transport = transport
        self._model = model

    def create(
        self, role: Role | str, email_address: str | None = None, grantee_type: GranteeType | str | None = None
    ) -> Permission:
        """Grant *role* (``READER`` or ``WRITER``) to *email_address*, and return the permission.

        Without *grantee_type* the address belongs to a user. With ``GROUP`` it belongs to a group. ``EVERYONE`` grants
        the role to all callers and takes no address. Only ``transfer_ownership`` changes the owner. Raise ValueError if
        address and type do not fit.
        """
        grantee_type = GranteeType.USER if grantee_type is None else GranteeType(grantee_type)
        if (grantee_type is GranteeType.EVERYONE) == bool(email_address):
            raise ValueError("Give email_address, or grantee_type EVERYONE, which has none.")
        permission = Permission(role=Role(role), email_address=email_address, grantee_type=grantee_type)
        answer = self._transport.call(
            "POST", f"v1beta/{self._model}/permissions", permission.to_json(), idempotent=False
        )
        return response_messages.message(Permission, answer)

    def get(self, permission: str | Permission) -> Permission:
        """Return the current state of *permission*."""
        return response_messages.message(Permission, self._transport.call("GET", self._path(permission)))

    def list(self, page_size: int | None = None, page_token: str = "") -> Pager[Permission]:
        """Return the permissions, the owner first. *page_size* is the number of items in one response."""

        def page(token: str) -> Json:
            query = {"pageSize": page_size, "pageToken": token or None}
            return self._transport.call("GET", f"v1beta/{self._model}/permissions", query=query)

        return Pager(page, lambda answer: response_messages.messages(Permission, answer, "permissions"), page_token)

    def update(self, permission: str | Permission, role: Role | str) -> Permission:
        """Change the role of *permission*, the only member that can change, and return the new permission."""
        body = Permission(role=Role(role)).to_json()
        return response_messages.message(
            Permission, self._transport.call("PATCH", self._path(permission), body, {"updateMask": "role"})
        )

    def delete(self, permission: str | Permission) -> None:
        """Delete *permission*."""
        self._transport.call("DELETE", self._path(permission))

    def _path(self, permission: str | Permission) -> str:
        name = permission.name if isinstance(permission, Permission) else permission
        return f"v1beta/{resource_names.permission(self._model, name)}"
