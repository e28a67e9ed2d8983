"""Interception: what this process asks the real service for is answered by a fake in it, without a socket."""

from .answering import answering as answering
from .intercept import InterceptTestCase as InterceptTestCase
from .intercept import intercept as intercept
