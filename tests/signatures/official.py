"""What Stripe's library for Python says of each case: JSON in, one verdict each out."""

import base64
import json
import sys

import stripe


def accepts(body, header, secret):
    try:
        stripe.Webhook.construct_event(body, header, secret)
    except Exception:  # Whatever it raises, the event is not accepted.
        return False
    return True


asked = json.load(sys.stdin)
verdicts = [
    any(accepts(base64.b64decode(case["body"]), case["header"], secret) for secret in asked["secrets"])
    for case in asked["cases"]
]
json.dump({"version": stripe.VERSION, "verdicts": verdicts}, sys.stdout)
