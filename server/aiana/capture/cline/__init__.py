"""Cline, and the assistants that were made from it: Roo Code and Kilo Code."""

from aiana.capture.cline.source import Cline, KiloCode, RooCode

__all__ = ["Cline", "KiloCode", "RooCode"]
