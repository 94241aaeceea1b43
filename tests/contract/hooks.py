"""Tells Schemathesis what it can't know about Keepopen: how to sign a webhook. Also adds a stricter check of every response."""

import hashlib
import hmac
import os
import time

import schemathesis
from requests.auth import AuthBase

SECRET = os.environ["CONTRACT_WEBHOOK_SECRET"]
# Headers that every HTTP server sends.
COMMON_HEADERS = {"date", "content-length", "content-type", "connection", "transfer-encoding"}
# The header that lists which headers a page of another origin may read. It is the same on every route.
COMMON_HEADERS |= {"access-control-expose-headers"}
# Responses that belong to a path, not to an operation. OpenAPI has no place for them, so the introduction of the
# contract (`openapi.yaml`) describes them.
PATH_ERRORS = {404: "not_found", 405: "method_not_allowed"}


class Signed(AuthBase):
    """Signs the bytes of a webhook's body, as Stripe does."""

    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        at = int(time.time())
        mac = hmac.new(SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
        request.headers["Stripe-Signature"] = f"t={at},v1={mac}"
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    # In some cases, Schemathesis omits or malforms the signature header on purpose: don't change those. In all other
    # cases, replace the generated text with a real signature.
    if case.path == "/webhooks/stripe" and "Stripe-Signature" in case.headers and not is_negative(case, "header"):
        kwargs["auth"] = Signed()
    # Never switch the whole site off: later cases would get no appeals.
    if case.path == "/v1/sites/{site}/switches" and isinstance(case.body, dict) and not is_negative(case, "body"):
        case.body = {**case.body, "all": "on", "surfaces": {"wall": "off"}}
    # Add the kind of a dismissal, because the schema can't say that a `dismiss` event needs one.
    body = case.body
    if isinstance(body, dict) and body.get("event") == "dismiss" and body.get("dismissal") is None and not is_negative(case, "body"):
        case.body = {**body, "dismissal": "close"}


def is_negative(case, where):
    """Returns whether Schemathesis made this part of the request (`header` or `body`) invalid on purpose."""
    components = case.meta.components if case.meta else {}
    return any(component.value in (where, f"{where}s") and info.mode.is_negative for component, info in components.items())


@schemathesis.hook
def filter_body(context, body):
    # Skip bodies with a number such as 1.0. JSON Schema calls 1.0 an integer, but the service rejects it, because it is
    # written as a float. The introduction of the contract says so.
    return not holds_whole_float(body)


def holds_whole_float(value):
    """Returns whether the value is, or contains, a float without a fraction, such as 1.0."""
    if isinstance(value, dict):
        return any(holds_whole_float(part) for part in value.values())
    if isinstance(value, list):
        return any(holds_whole_float(part) for part in value)
    return isinstance(value, float) and value.is_integer()


@schemathesis.check
def everything_is_in_the_contract(ctx, response, case):
    """Checks that the contract (`openapi.yaml`) lists the response's status, headers and problem for the operation."""
    described = case.operation.definition.raw.get("responses", {}).get(str(response.status_code))
    problem = problem_of(response)
    if described is None:
        expected = PATH_ERRORS.get(response.status_code)
        assert expected, f"the status {response.status_code} is not in the contract"
        assert problem.get("code") == expected, f"the problem {problem} is not in the contract"
        if response.status_code == 405:
            assert "allow" in response.headers, "a 405 must have an `allow` header with the allowed methods"
        return
    known = {name.lower() for name in described.get("headers", {})} | COMMON_HEADERS
    unknown = {name.lower() for name in response.headers} - known
    assert not unknown, f"the response has headers that are not in the contract: {sorted(unknown)}"
    if problem:
        assert problem.get("status") == response.status_code, problem
        examples = described["content"]["application/problem+json"]["examples"]
        assert problem.get("code") in examples, f"the problem {problem} is not in the contract"
        assert problem.get("title") == examples[problem["code"]]["value"]["title"], problem


def problem_of(response):
    """Returns the problem (the JSON body of an error response), or None if the response has none."""
    media_type = response.headers.get("content-type", [""])[0]
    if response.status_code < 400:
        return None
    if response.request.path_url.startswith("/ofrep/") and media_type == "application/json":
        # Errors of OpenFeature's protocol (OFREP) have another form, which Schemathesis's own schema check compares
        # with the contract.
        return None
    assert media_type == "application/problem+json", f"an error must have the media type application/problem+json, not {media_type}"
    return response.json()
