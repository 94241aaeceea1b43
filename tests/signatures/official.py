"""Checks each case with Stripe's library for Python. Reads the cases as JSON. Writes one verdict for each, true or false."""

import base64
import json
import sys

import stripe


def accepts(body, header, secret):
    try:
        stripe.Webhook.construct_event(body, header, secret)
    except Exception:  # Any exception means that the event is not accepted.
        return False
    return True


request = json.load(sys.stdin)
verdicts = [
    any(accepts(base64.b64decode(case["body"]), case["header"], secret) for secret in request["secrets"])
    for case in request["cases"]
]
json.dump({"version": stripe.VERSION, "verdicts": verdicts}, sys.stdout)
