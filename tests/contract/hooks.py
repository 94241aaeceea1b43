"""What Schemathesis can't know of Keepopen: how a delivery is signed, and a stricter look at every answer."""

import hashlib
import hmac
import os
import time

import schemathesis
from requests.auth import AuthBase

SECRET = os.environ["CONTRACT_WEBHOOK_SECRET"]
# What an HTTP server writes by itself.
PLAIN = {"date", "content-length", "content-type", "connection", "transfer-encoding"}
# What a page of another origin may read: the same on every route.
PLAIN |= {"access-control-expose-headers"}
# Answers of a path, whatever its operations: OpenAPI has no place for them, so the contract says them in its introduction.
OF_THE_PATH = {404: "not_found", 405: "method_not_allowed"}


class Signed(AuthBase):
    """Signs the bytes that are really sent."""

    def __call__(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        at = int(time.time())
        mac = hmac.new(SECRET.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
        request.headers["Stripe-Signature"] = f"t={at},v1={mac}"
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    # A header that is left out or twisted on purpose stays so; any other text is no signature of anything, so a real one takes its place.
    if case.path == "/webhooks/stripe" and "Stripe-Signature" in case.headers and not is_negative(case, "header"):
        kwargs["auth"] = Signed()
    # A site that is switched off would be silent for all that is tried later.
    if case.path == "/v1/sites/{site}/switches" and isinstance(case.body, dict) and not is_negative(case, "body"):
        case.body = {**case.body, "all": "on", "surfaces": {"wall": "off"}}
    # "Of a dismissal: how" is a sentence that a schema without conditions can't hold.
    body = case.body
    if isinstance(body, dict) and body.get("event") == "dismiss" and body.get("dismissal") is None and not is_negative(case, "body"):
        case.body = {**body, "dismissal": "close"}


def is_negative(case, where):
    components = case.meta.components if case.meta else {}
    return any(place.value in (where, f"{where}s") and info.mode.is_negative for place, info in components.items())


@schemathesis.hook
def filter_body(context, body):
    # To JSON Schema 1.0 is an integer. To us it is a float, and refused, as the introduction says: an amount is never a float.
    return not holds_whole_float(body)


def holds_whole_float(value):
    if isinstance(value, dict):
        return any(holds_whole_float(part) for part in value.values())
    if isinstance(value, list):
        return any(holds_whole_float(part) for part in value)
    return isinstance(value, float) and value.is_integer()


@schemathesis.check
def everything_is_in_the_contract(ctx, response, case):
    """Every header is described, and every problem is one that the operation lists."""
    described = case.operation.definition.raw.get("responses", {}).get(str(response.status_code))
    problem = problem_of(response)
    if described is None:
        expected = OF_THE_PATH.get(response.status_code)
        assert expected, f"{response.status_code} is not in the contract"
        assert problem.get("code") == expected, f"{problem} is not in the contract"
        if response.status_code == 405:
            assert "allow" in response.headers, "a 405 names the methods that are there"
        return
    known = {name.lower() for name in described.get("headers", {})} | PLAIN
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
        # OpenFeature's protocol has errors of its own form, which the schema check holds to the contract.
        return None
    assert media_type == "application/problem+json", f"an error as {media_type}"
    return response.json()
