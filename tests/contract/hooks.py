"""What Schemathesis can't know about Keepopen: how a webhook is signed, and a stricter check of every response."""

import hashlib
import hmac
import os
import time

import schemathesis
from requests.auth import AuthBase

SECRET = os.environ["CONTRACT_WEBHOOK_SECRET"]
# Headers that every HTTP server sends.
COMMON_HEADERS = {"date", "content-length", "content-type", "connection", "transfer-encoding"}
# The header that lists what a page of another origin may read. It is the same on every route.
COMMON_HEADERS |= {"access-control-expose-headers"}
# Responses of a path, not of an operation. OpenAPI has no place for them, so the contract has them in its introduction.
PATH_ERRORS = {404: "not_found", 405: "method_not_allowed"}


class Signed(AuthBase):
    """Signs the bytes of the request body."""

    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        at = int(time.time())
        mac = hmac.new(SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
        request.headers["Stripe-Signature"] = f"t={at},v1={mac}"
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    # A missing or malformed header that is generated on purpose stays. Any other text is not a valid signature, so it is replaced with a real one.
    if case.path == "/webhooks/stripe" and "Stripe-Signature" in case.headers and not is_negative(case, "header"):
        kwargs["auth"] = Signed()
    # If the site were switched off, later cases would get no appeals.
    if case.path == "/v1/sites/{site}/switches" and isinstance(case.body, dict) and not is_negative(case, "body"):
        case.body = {**case.body, "all": "on", "surfaces": {"wall": "off"}}
    # The schema can't say that a dismissal must have its kind.
    body = case.body
    if isinstance(body, dict) and body.get("event") == "dismiss" and body.get("dismissal") is None and not is_negative(case, "body"):
        case.body = {**body, "dismissal": "close"}


def is_negative(case, where):
    components = case.meta.components if case.meta else {}
    return any(component.value in (where, f"{where}s") and info.mode.is_negative for component, info in components.items())


@schemathesis.hook
def filter_body(context, body):
    # For JSON Schema, 1.0 is an integer. The service rejects it as a float: an amount is never a float, as the contract's introduction says.
    return not holds_whole_float(body)


def holds_whole_float(value):
    if isinstance(value, dict):
        return any(holds_whole_float(part) for part in value.values())
    if isinstance(value, list):
        return any(holds_whole_float(part) for part in value)
    return isinstance(value, float) and value.is_integer()


@schemathesis.check
def everything_is_in_the_contract(ctx, response, case):
    """The contract describes every header, and lists every problem for its operation."""
    described = case.operation.definition.raw.get("responses", {}).get(str(response.status_code))
    problem = problem_of(response)
    if described is None:
        expected = PATH_ERRORS.get(response.status_code)
        assert expected, f"{response.status_code} is not in the contract"
        assert problem.get("code") == expected, f"{problem} is not in the contract"
        if response.status_code == 405:
            assert "allow" in response.headers, "a 405 must list the allowed methods"
        return
    known = {name.lower() for name in described.get("headers", {})} | COMMON_HEADERS
    unknown = {name.lower() for name in response.headers} - known
    assert not unknown, f"headers that are not in the contract: {sorted(unknown)}"
    if problem:
        assert problem.get("status") == response.status_code, problem
        examples = described["content"]["application/problem+json"]["examples"]
        assert problem.get("code") in examples, f"{problem} is not in the contract"
        assert problem.get("title") == examples[problem["code"]]["value"]["title"], problem


def problem_of(response):
    media_type = response.headers.get("content-type", [""])[0]
    if response.status_code < 400:
        return None
    if response.request.path_url.startswith("/ofrep/") and media_type == "application/json":
        # OpenFeature's protocol has a different form of errors, which the schema check compares with the contract.
        return None
    assert media_type == "application/problem+json", f"an error has the media type {media_type}"
    return response.json()
