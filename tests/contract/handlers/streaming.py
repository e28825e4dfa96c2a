"""Answers with each letter of the body by itself, as they come; `!` is one that it raises at."""

from typing import Any

try:
    from ts.handler_utils.utils import send_intermediate_predict_response
except ImportError:  # before 0.10
    from ts.protocol.otf_message_handler import send_intermediate_predict_response


def handle(data: list[dict[str, Any]] | None, context: Any) -> list[str] | None:
    if data is None:  # TorchServe's call at load
        return None
    letters = bytes(data[0]["body"]).decode()
    for letter in letters[:-1]:
        if letter == "!":
            raise ValueError("the handler raised")
        send_intermediate_predict_response(
            [letter], context.request_ids, "Intermediate", 200, context
        )
    return [letters[-1]]
