"""The helpdesk in FastAPI, as an ASGI application: `create_app(Helpdesk())`."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from helpdesk import Helpdesk, Key, Refused, parsed
from starlette.exceptions import HTTPException


def create_app(helpdesk: Helpdesk) -> FastAPI:
    """A helpdesk, over HTTP."""
    app = FastAPI(openapi_url=None)
    base = "/api/v1/conversations"

    async def admitted(request: Request) -> Key:
        headers = request.headers
        return helpdesk.admit(headers.get("x-api-key"), headers.get("authorization"), headers.get("origin"))

    async def body_of(request: Request) -> dict[str, Any]:
        return parsed(await request.body(), request.headers.get("content-type"))

    # In this order: whoever has no key is not told what is wrong with the body.
    admission = Annotated[Key, Depends(admitted)]
    sent = Annotated[dict[str, Any], Depends(body_of)]

    @app.post(f"{base}/create/", status_code=201)
    async def create(key: admission, body: sent) -> Any:
        return helpdesk.create(key, body)

    @app.get(f"{base}/")
    async def list_all(key: admission, request: Request) -> Any:
        return helpdesk.list(key, dict(request.query_params))

    @app.get(f"{base}/{{conversation_id}}/")
    async def get(key: admission, conversation_id: str) -> Any:
        return helpdesk.get(key, conversation_id)

    @app.get(f"{base}/{{conversation_id}}/messages/")
    async def messages(key: admission, conversation_id: str, request: Request) -> Any:
        return helpdesk.messages(key, conversation_id, dict(request.query_params))

    @app.post(f"{base}/{{conversation_id}}/messages/create/", status_code=201)
    async def reply(key: admission, conversation_id: str, body: sent) -> Any:
        return helpdesk.reply(key, conversation_id, body)

    @app.post(f"{base}/{{conversation_id}}/resolve/")
    async def resolve(key: admission, conversation_id: str) -> Any:
        return helpdesk.resolve(key, conversation_id)

    @app.exception_handler(Refused)
    async def refuse(request: Request, error: Refused) -> JSONResponse:
        return JSONResponse(error.body, error.status)

    @app.exception_handler(HTTPException)
    async def fail(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"detail": error.detail}, error.status_code, error.headers)

    return app
