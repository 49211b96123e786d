"""Application of the local page, in FastAPI. Every path begins with the token; refusals are sentences in JSON.

GET  /TOKEN/                 the page; its script and style
GET  /TOKEN/state            what the job does, its findings and its files
PUT  /TOKEN/volume?name=&model=&anonymise=   a volume, whole, as the body of the request
POST /TOKEN/stop, /TOKEN/forget
GET  /TOKEN/files/KIND       volume, dicom, uncertainty, sidecar, page
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from medtrans.core.errors import InputRefused, MedtransError, UsageError
from medtrans.core.suggestions import did_you_mean
from medtrans.serving.jobs import Busy, Jobs
from medtrans.serving.offered import Offered
from medtrans.serving.refusals import is_own_host, is_own_origin, is_token, refuse_bomb, refuse_name

FOLDER = Path(__file__).parent / "page"
STYLE = Path(__file__).parents[1] / "reporting" / "page.css"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Resource-Policy": "same-origin",
}
KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}


class TooLarge(InputRefused):
    """More bytes than the limit."""


STATUS: tuple[tuple[type[MedtransError], int], ...] = (
    (Busy, 409),
    (TooLarge, 413),
    (UsageError, 400),
    (InputRefused, 422),
)


def make_app(offered: Sequence[Offered], jobs: Jobs, *, token: str, port: int, limit: int) -> FastAPI:
    """The application for one address. `limit` is in bytes."""

    @contextlib.asynccontextmanager
    async def ended(_: FastAPI) -> AsyncIterator[None]:
        yield
        await jobs.close()

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=ended)
    _guard(app, token, port)
    for router in (_job_router(offered, jobs, limit), _page_router(offered, jobs, limit)):
        app.include_router(router, prefix=f"/{token}")
    return app


def _job_router(offered: Sequence[Offered], jobs: Jobs, limit: int) -> APIRouter:
    """What changes the job."""
    router, models = APIRouter(), {one.name: one for one in offered}

    @router.put("/volume")
    async def volume(request: Request, name: str = "", model: str = "", anonymise: bool = False) -> Response:
        refuse_name(name)
        if model not in models:
            raise UsageError(f"model {model[:80]}", "is not offered", did_you_mean(model, models))
        async with jobs.place(name) as path:
            await _receive(request, path, limit)
            refuse_bomb(path, limit)
            await jobs.start(path, model, models[model].models, anonymous=anonymise)
        return JSONResponse(jobs.state, 202)

    @router.post("/stop")
    async def stop() -> Response:
        await jobs.stop()
        return JSONResponse(jobs.state)

    @router.post("/forget")
    async def forget() -> Response:
        if jobs.busy:
            raise Busy("the volume", "is being translated", "stop it first")
        jobs.forget()
        return JSONResponse(jobs.state)

    return router


def _page_router(offered: Sequence[Offered], jobs: Jobs, limit: int) -> APIRouter:
    """What is read alone."""
    router = APIRouter()

    @router.get("/state")
    async def state() -> Response:
        return JSONResponse({**jobs.state, "files": {kind: path.name for kind, path in jobs.files().items()}})

    @router.get("/models")
    async def models() -> Response:
        return JSONResponse(
            {"limit": limit, "keep": str(jobs.keep or ""), "models": [[one.name, one.about] for one in offered]}
        )

    @router.get("/files/{kind}")
    def file(kind: str) -> Response:
        path = jobs.files().get(kind)
        if path is None:
            return _refused(404, "there is no such file")
        if path.is_dir():
            made = shutil.make_archive(str(jobs.root / path.name), "zip", path.parent, path.name)
            return FileResponse(made, filename=f"{path.name}.zip")
        return FileResponse(path, media_type="text/html") if kind == "page" else FileResponse(path, filename=path.name)

    @router.get("/{name:path}")
    async def page(name: str) -> Response:
        return _static(name or "page.html")

    return router


def _guard(app: FastAPI, token: str, port: int) -> None:
    """Refuse foreign hosts, pages and paths before anything else, and say what browsers may do with the answers."""

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        given = request.url.path.split("/")[1] if request.url.path.count("/") > 1 else ""
        if not is_own_host(request.headers.get("host", ""), port):
            response = _refused(403, "this address is not that of the page")
        elif not is_own_origin(request.headers):
            response = _refused(403, "another page asks")
        elif not is_token(given, token):
            response = _refused(404, "open the address that medtrans serve printed")
        else:
            response = await answer(request)
        policy = {} if request.url.path.endswith("/files/page") else {"Content-Security-Policy": POLICY}
        response.headers.update(HEADERS | policy)
        return response

    @app.exception_handler(MedtransError)
    async def refuse(_: Request, reason: MedtransError) -> Response:
        status = next((number for kind, number in STATUS if isinstance(reason, kind)), 500)
        return _refused(status, " ".join(str(reason).split()))


async def _receive(request: Request, path: Path, limit: int) -> None:
    """Write the body of a request to a new file. Raises TooLarge."""
    announced = request.headers.get("content-length", "")
    size = int(announced) if announced.isdigit() else 0
    with path.open("xb") as file:
        received = 0
        async for part in request.stream():
            received += len(part)
            if max(size, received) > limit:
                what = f"is larger than {limit / 1e6:.0f} MB"
                raise TooLarge(path.name, what, "start medtrans serve with a higher --limit, or use medtrans translate")
            file.write(part)
    if received == 0:
        raise InputRefused(path.name, "is empty", "choose a volume")


def _static(name: str) -> Response:
    """A file of the page, by its exact name."""
    files = {path.name: path for path in FOLDER.iterdir()} | {"report.css": STYLE}
    if name not in files:
        return _refused(404, "there is no such page")
    path = files[name]
    return Response(path.read_bytes(), media_type=KINDS[path.suffix])


def _refused(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)
