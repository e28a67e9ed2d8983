"""Implements the methods of permissions, and the transfer of ownership."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...wire import fieldmask, pages
from ...wire.surface import surface_of
from .. import errors
from ..callers import identity
from ..state.records import GranteeType, Permission, Role, TunedModelRecord
from . import access, ids, resources, tuned_models
from .request_context import RequestContext

Value = dict[str, Any]

DEFAULT_PAGE_SIZE = 10  # documented
EVERYONE = "everyone"
_SEPARATOR = "/permissions/"


def create(call: RequestContext, request: Value) -> Value:
    """Grant a role and return the permission. Writers may grant roles. Nobody can grant ownership, only transfer it."""
    grant = _new_grant(call.version, request.get("permission", {}))

    def change(record: TunedModelRecord) -> TunedModelRecord:
        if any(permission.id == grant.id for permission in record.permissions):
            raise errors.permission_exists(resources.permission_name(record, grant.id))
        return replace(record, permissions=(*record.permissions, grant))

    record = tuned_models.update(call, request["parent"], Role.WRITER, change)
    return resources.permission(record, grant)


def get(call: RequestContext, request: Value) -> Value:
    """Return one permission."""
    parent, permission_id = _split(request["name"])
    record = access.find(call, parent, Role.READER)
    return resources.permission(record, _find_grant(record, permission_id))


def list_(call: RequestContext, request: Value) -> Value:
    """Return a page of a model's permissions. The owner's comes first (observed)."""
    size = pages.page_size(request.get("page_size", 0), DEFAULT_PAGE_SIZE)
    record = access.find(call, request["parent"], Role.READER)
    parameters = (call.world.name, "permissions", record.name)
    start = pages.page_start(request.get("page_token", ""), *parameters)
    page = record.permissions[start : start + size]
    answer: Value = {"permissions": [resources.permission(record, grant) for grant in page]}
    if start + size < len(record.permissions):
        answer["next_page_token"] = pages.page_token(start + size, *parameters)
    return answer


def patch(call: RequestContext, request: Value) -> Value:
    """Change a permission's role, the only member that can change, and return the whole permission."""
    body = request["permission"]
    parent, permission_id = _split(body["name"])
    message = surface_of(call.version).message("Permission")
    mask = request.get("update_mask", "")
    if not mask:
        raise errors.not_specified("UpdatePermissionRequest", "update_mask")
    paths = fieldmask.update_paths(mask, message, surface_of(call.version), "update_mask")
    if mask.strip() != "*" and set(paths) != {"role"}:
        raise errors.invalid_argument()
    role = _role("UpdatePermissionRequest", body)

    def change(record: TunedModelRecord) -> TunedModelRecord:
        _check_not_owner(record, permission_id)
        return replace(
            record,
            permissions=tuple(
                replace(permission, role=role) if permission.id == permission_id else permission
                for permission in record.permissions
            ),
        )

    record = tuned_models.update(call, parent, Role.WRITER, change)
    return resources.permission(record, _find_grant(record, permission_id))


def delete(call: RequestContext, request: Value) -> Value:
    """Delete a permission. The owner's permission cannot be deleted."""
    parent, permission_id = _split(request["name"])

    def change(record: TunedModelRecord) -> TunedModelRecord:
        _check_not_owner(record, permission_id)
        remaining = tuple(permission for permission in record.permissions if permission.id != permission_id)
        return replace(record, permissions=remaining)

    tuned_models.update(call, parent, Role.WRITER, change)
    return {}


def transfer_ownership(call: RequestContext, request: Value) -> Value:
    """Transfer the ownership to another user. The old owner becomes a writer (documented)."""
    email = request.get("email_address", "").lower()
    _check_address("TransferOwnershipRequest", "email_address", email)

    def change(record: TunedModelRecord) -> TunedModelRecord:
        old = access.owner(record)
        if old.email != call.caller.email:
            raise errors.not_owner()
        if old.email == email:
            return record
        new = Permission(ids.permission_id(email), GranteeType.USER, email, Role.OWNER)
        rest = tuple(permission for permission in record.permissions if permission.id not in (old.id, new.id))
        return replace(record, permissions=(new, replace(old, role=Role.WRITER), *rest))

    tuned_models.update(call, request["name"], Role.READER, change)
    return {}


def _new_grant(version: str, body: Value) -> Permission:
    request = "CreatePermissionRequest"
    email = body.get("email_address", "").lower()
    kind = body.get("grantee_type", 0)
    # Since v1beta the type is optional. An address without a type counts as a user's (invented).
    if not kind and email and version != "v1beta3":
        kind = GranteeType.USER
    if not kind:
        raise errors.not_specified(request, "permission.grantee_type")
    if kind not in set(GranteeType):
        raise errors.invalid(request, "permission.grantee_type", f"there is no grantee type {kind}")
    role = _role(request, body)
    if kind == GranteeType.EVERYONE:
        if email:
            text = "email_address must not be set for EVERYONE"
            raise errors.invalid(request, "permission.email_address", text)
        return Permission(EVERYONE, GranteeType.EVERYONE, "", role)
    _check_address(request, "permission.email_address", email)
    return Permission(ids.permission_id(email), GranteeType(kind), email, role)


def _role(request: str, body: Value) -> Role:
    """Return the role in *body*. Raise StatusError for a missing role and for OWNER (invented wording)."""
    role = body.get("role", 0)
    if not role:
        raise errors.not_specified(request, "permission.role")
    if role not in set(Role):
        raise errors.invalid(request, "permission.role", f"there is no role {role}")
    if role == Role.OWNER:
        text = "the owner can be changed by transferOwnership only"
        raise errors.invalid(request, "permission.role", text)
    return Role(role)


def _check_address(request: str, path: str, email: str) -> None:
    if not email:
        raise errors.not_specified(request, path)
    if not identity.ADDRESS.fullmatch(email):
        raise errors.invalid(request, path, "email_address must be an e-mail address")


def _split(name: str) -> tuple[str, str]:
    parent, _, permission_id = name.partition(_SEPARATOR)
    return parent, permission_id


def _find_grant(record: TunedModelRecord, permission_id: str) -> Permission:
    for permission in record.permissions:
        if permission.id == permission_id:
            return permission
    raise errors.permission_missing(resources.permission_name(record, permission_id))


def _check_not_owner(record: TunedModelRecord, permission_id: str) -> None:
    if _find_grant(record, permission_id).role is Role.OWNER:
        raise errors.invalid_argument()
