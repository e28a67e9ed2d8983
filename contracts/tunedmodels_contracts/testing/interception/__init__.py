"""Answers the calls of this process to the real service with a mock server in the process, without a socket."""

from .answering import answer_service_calls as answer_service_calls
from .intercept import InterceptTestCase as InterceptTestCase
from .intercept import intercept as intercept
