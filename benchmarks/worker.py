"""A contestant's process: ``python worker.py PAGE FD``; does what it is told over the socket FD, and answers.

It is told the name of a method of :class:`stage.Stage` and its arguments. It answers ``(True, result)`` or
``(False, what went wrong)``.
"""

import os
import sys
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any, cast

from contestants import Page
from stage import Stage


def serve(page: str, connection: Connection) -> None:
    """Answer until the other side hangs up."""
    try:
        stage = Stage(cast(Page, import_module(f"contestants.{page}")))
    except ImportError as error:
        connection.send((False, f"not installed ({error})"))
        return
    connection.send((True, stage.describe()))
    while True:
        try:
            name, arguments = connection.recv()
        except EOFError:
            return
        connection.send(answer(stage, name, arguments))


def answer(stage: Stage, name: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    """Do one thing."""
    try:
        return True, getattr(stage, name)(*arguments)
    except Exception as error:  # whatever it was belongs in the table
        lines = str(error).strip().splitlines() or [""]
        return False, f"{type(error).__name__}: {lines[0][:200]}"


if __name__ == "__main__":
    serve(sys.argv[1], Connection(int(sys.argv[2])))
    os._exit(0)  # thread pools of some libraries do not let go
