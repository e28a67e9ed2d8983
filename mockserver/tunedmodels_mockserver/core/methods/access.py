"""Access: who may do what with a tuned model.

Roles are concentric: an owner may all, a writer all but delete and hand on, a reader use (permission.proto).
"""

from __future__ import annotations

from .. import errors
from ..callers.identity import Caller
from ..resource_names import TUNED_MODELS
from ..state.records import GranteeType, Permission, Role, TunedModelRecord
from .call import RequestContext


def personal_role(record: TunedModelRecord, caller: Caller) -> Role | None:
    """Return the best role that *caller* has by name, group or project; what everyone may does not count."""
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
    roles = [grant.role for grant in record.permissions if grant.grantee_type is GranteeType.EVERYONE]
    return min(filter(None, [personal_role(record, caller), *roles]), default=None)


def shared_with_everyone(record: TunedModelRecord) -> bool:
    """Whether anybody at all may use it."""
    return any(grant.grantee_type is GranteeType.EVERYONE for grant in record.permissions)


def owner(record: TunedModelRecord) -> Permission:
    """Return the owner's permission; there is always one."""
    return next(grant for grant in record.permissions if grant.role is Role.OWNER)


def find(call: RequestContext, name: str, needed: Role) -> TunedModelRecord:
    """Return the tuned model called *name*.

    Raises StatusError where there is none, and where the caller's role is less than *needed*.
    """
    record = call.world.store.get(name.removeprefix(TUNED_MODELS))
    if record is None:
        raise errors.model_missing(name)
    held = role(record, call.caller)
    if held is None or held > needed:
        raise errors.model_forbidden(name)
    return record
