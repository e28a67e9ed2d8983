"""Computes the role of a caller for a tuned model, and checks it.

Each role includes the lower ones: an owner may do everything, a writer everything except delete and transfer, a reader
may use the model (permission.proto).
"""

from __future__ import annotations

from .. import errors
from ..callers.identity import Caller
from ..resource_names import TUNED_MODELS
from ..state.records import GranteeType, Permission, Role, TunedModelRecord
from .request_context import RequestContext


def personal_role(record: TunedModelRecord, caller: Caller) -> Role | None:
    """Return the best role that *caller* has by name, group or project. Permissions for everyone do not count."""
    roles = [grant.role for grant in record.permissions if _names(grant, caller)]
    if caller.project is not None and caller.project in record.reader_project_numbers:
        roles.append(Role.READER)
    return min(roles, default=None)


def _names(grant: Permission, caller: Caller) -> bool:
    if grant.grantee_type is GranteeType.GROUP and grant.email in caller.groups:
        return True
    return bool(grant.email) and grant.email == caller.email


def role(record: TunedModelRecord, caller: Caller) -> Role | None:
    """Return the best role that *caller* has in any way, or None."""
    first = record.permissions[0]
    if first.role is Role.OWNER and first.email == caller.email:
        return Role.OWNER  # the usual case: no other role is better
    roles = [grant.role for grant in record.permissions if grant.grantee_type is GranteeType.EVERYONE]
    return min(filter(None, [personal_role(record, caller), *roles]), default=None)


def is_shared_with_everyone(record: TunedModelRecord) -> bool:
    """Whether every caller may use the model."""
    return any(grant.grantee_type is GranteeType.EVERYONE for grant in record.permissions)


def owner(record: TunedModelRecord) -> Permission:
    """Return the owner's permission. Every model has one."""
    return next(grant for grant in record.permissions if grant.role is Role.OWNER)


def find(call: RequestContext, name: str, needed: Role) -> TunedModelRecord:
    """Return the tuned model called *name*.

    Raise StatusError if it does not exist, or if the caller's role is lower than *needed*.
    """
    record = call.world.store.get(name.removeprefix(TUNED_MODELS))
    if record is None:
        raise errors.model_missing(name)
    caller_role = role(record, call.caller)
    if caller_role is None or caller_role > needed:
        raise errors.model_forbidden(name)
    return record
