"""Turn a module's router into a process that delivers, tells of its health, and ends in order."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from matcher.cli.health import served
from matcher.cli.terminal import FINDINGS, OK, REFUSED, say
from matcher.errors import StoreError
from matcher.observe import SILENT, Level
from matcher.observing import JsonLines
from matcher.router.router import Router

if TYPE_CHECKING:
    from matcher.cli.live import View

__all__ = ["Request", "loaded", "run_router"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be run, and how."""

    app: str
    health_host: str
    health_port: int | None
    grace: float
    wait: bool
    #: From which level on log records are written, as JSON lines; None: not at all.
    log: Level | None
    quiet: bool


def loaded(app: str) -> Router | str:
    """The router that `module:name` names, or why there is none."""
    module, colon, name = app.partition(":")
    if not (module and colon and name):
        return f"want module:name, such as shop.events:router, not {app!r}"
    sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        return f"{app}: {error}"
    if not isinstance(found, Router):
        return f"{app} is a {type(found).__name__}, and no Router"
    return found


def run_router(request: Request) -> int:
    """Run until a signal comes. Gives the exit code."""
    router = loaded(request.app)
    if isinstance(router, str):
        say(router)
        return REFUSED
    if request.log is not None and router.observer is SILENT:
        router.observe(JsonLines(sys.stderr, level=request.log))
    return asyncio.run(_run(router, request))


async def _run(router: Router, request: Request) -> int:
    """Start, wait for a signal, stop; a signal while it stops ends it at once."""
    tell: Callable[[str], None] = (lambda _: None) if request.quiet else say
    ended = asyncio.Event()
    for number in _SIGNALS:
        _on_signal(number, ended.set)
    waiting = asyncio.create_task(ended.wait())
    async with AsyncExitStack() as stack:
        if request.health_port is not None:
            server = await served(router, request.health_host, request.health_port)
            stack.push_async_callback(_closed, server)
            host, port = server.sockets[0].getsockname()[:2]
            tell(f"health at http://{host}:{port}/ready")
        starting = asyncio.create_task(router.astart(wait=request.wait))
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():  # another process delivers, and a signal came first
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            return OK
        try:
            starting.result()
        except StoreError as error:
            say(str(error))
            return FINDINGS
        tell(f"{request.app} delivers: {len(router.rules())} rules")
        with _view(router, request) as view:
            await view.until(ended)
        tell("stopping")
        code = await _stopped(router, request.grace, ended)
        tell("stopped")
        return code


async def _stopped(router: Router, grace: float, again: asyncio.Event) -> int:
    again.clear()
    stopping = asyncio.create_task(router.astop(grace))
    impatient = asyncio.create_task(again.wait())
    await asyncio.wait({stopping, impatient}, return_when=asyncio.FIRST_COMPLETED)
    impatient.cancel()
    if stopping.done():
        stopping.result()
        return OK
    os._exit(_INTERRUPTED)  # what is not done is delivered again: that is what a store is for


def _view(router: Router, request: Request) -> View:
    from matcher.cli.live import View

    return View(router, shown=sys.stdout.isatty() and not request.quiet)


def _on_signal(number: signal.Signals, act: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, act)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))


async def _closed(server: asyncio.Server) -> None:
    server.close()
    await server.wait_closed()
