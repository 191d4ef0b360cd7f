"""Attributes that are made at their first use, by one thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar, overload

T = TypeVar("T")


class Locked(Protocol):
    """What has lazy attributes has one lock for all of them."""

    _lock: threading.RLock


class lazy(Generic[T]):
    """`functools.cached_property` under the owner's own lock.

    Attributes that are made of each other, by several threads, need one lock: with a lock each,
    as Python 3.11's cached_property has, two threads that begin at different ends wait for ever.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, owner: None, cls: type[Any]) -> lazy[T]: ...

    @overload
    def __get__(self, owner: Locked, cls: type[Any]) -> T: ...

    def __get__(self, owner: Locked | None, cls: type[Any]) -> lazy[T] | T:
        if owner is None:
            return self
        with owner._lock:
            if self._name not in owner.__dict__:
                owner.__dict__[self._name] = self._make(owner)
            made: T = owner.__dict__[self._name]
            return made
