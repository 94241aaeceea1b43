// The signature headers and bodies to check. Times are relative to now, because the server and Stripe's libraries use
// the real clock.
import { createHmac } from "node:crypto";

/** The webhook endpoint's signing secrets while one replaces the other: the old one and the new one. */
export const SECRETS = ["whsec_the_old_one", "whsec_the_new_one"];
const [OLD, NEW] = SECRETS;
const UNKNOWN = "whsec_of_somebody_else";
const BODY = Buffer.from('{"id":"evt_signatures","object":"event","type":"keepopen.check","livemode":false,"created":1,"data":{"object":{}}}');
const UNICODE = Buffer.from('{"id":"evt_unicode","object":"event","type":"keepopen.check","livemode":false,"created":1,"data":{"object":{"name":"Zoë 東京 🗞"}}}');
const NOT_UTF8 = Buffer.concat([Buffer.from('{"id":"evt_bytes","object":"event","type":"keepopen.check","livemode":false,"created":1,"name":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);

function sign(secret, t, body = BODY) {
  return createHmac("sha256", secret).update(`${t}.`).update(body).digest("hex");
}

/**
 * Returns every case for the time `now` in seconds since 1970: its name, its header (`null` if none is sent) and its
 * body.
 */
export function cases(now) {
  const valid = sign(NEW, now);
  const at = (age, secret = NEW) => `t=${now - age},v1=${sign(secret, now - age)}`;
  const of = (name, header, body = BODY) => ({ name, header, body });
  return [
    of("valid", at(0)),
    of("valid, with non-ASCII characters in the body", `t=${now},v1=${sign(NEW, now, UNICODE)}`, UNICODE),
    of("signed with the old secret during a change", at(0, OLD)),
    of("`v1` of both secrets during a change", `t=${now},v1=${sign(OLD, now)},v1=${valid}`),
    of("several `v1`, the last one matches", `t=${now},v1=${sign(UNKNOWN, now)},v1=${"0".repeat(64)},v1=${valid}`),
    of("several `v1`, the first one matches", `t=${now},v1=${valid},v1=${sign(UNKNOWN, now)}`),
    of("several `v1`, none matches", `t=${now},v1=${sign(UNKNOWN, now)},v1=${"0".repeat(64)}`),
    of("a `v0` next to the `v1`", `t=${now},v1=${valid},v0=${"1".repeat(64)}`),
    of("an unknown scheme next to the `v1`", `t=${now},v9=abc,v1=${valid}`),
    of("`v1` before `t`", `v1=${valid},t=${now}`),
    of("290 seconds old", at(290)),
    of("310 seconds old", at(310)),
    of("`t` is ten minutes in the future", at(-600)),
    of("the body was changed", at(0), Buffer.from(BODY.toString().replace("keepopen.check", "invoice.paid"))),
    of("a space added to the body", at(0), Buffer.concat([BODY, Buffer.from(" ")])),
    of("the time was changed", `t=${now - 1},v1=${valid}`),
    of("signed with an unknown secret", at(0, UNKNOWN)),
    of("no header", null),
    of("an empty header", ""),
    of("a header of ordinary words, without `=`", "this is no signature"),
    of("a header of only commas", ",,,"),
    of("a comma at the end", `${at(0)},`),
    of("no `v1`", `t=${now}`),
    of("only a `v0`, computed in the same way as a `v1`", `t=${now},v0=${valid}`),
    of("an empty `v1`", `t=${now},v1=`),
    of("half a `v1`", `t=${now},v1=${valid.slice(0, 32)}`),
    of("no `t`", `v1=${valid}`),
    of("an empty `t`", `t=,v1=${sign(NEW, "")}`),
    of("`t` is a word", `t=today,v1=${sign(NEW, "today")}`),
    of("a negative `t`", `t=-5,v1=${sign(NEW, "-5")}`),
    of("`t` with a fraction", `t=${now}.5,v1=${sign(NEW, `${now}.5`)}`),
    of("`t` with a plus sign", `t=+${now},v1=${sign(NEW, `+${now}`)}`),
    of("`t` with a leading zero, signed without it", `t=0${now},v1=${valid}`),
    of("`t` with a leading zero, signed with it", `t=0${now},v1=${sign(NEW, `0${now}`)}`),
    of("`t` far too large", `t=99999999999999999999,v1=${sign(NEW, "99999999999999999999")}`),
    of("`t` twice, the same", `t=${now},t=${now},v1=${valid}`),
    of("`t` twice, the last one signed", `t=${now - 9000},t=${now},v1=${valid}`),
    of("`t` twice, the first one signed and too old", `t=${now - 9000},t=${now},v1=${sign(NEW, now - 9000)}`),
    of("upper-case digits", `t=${now},v1=${valid.toUpperCase()}`),
    of("upper-case names", `T=${now},V1=${valid}`),
    of("a space after the comma", `t=${now}, v1=${valid}`),
    of("spaces around the names", ` t = ${now} , v1 = ${valid} `),
    of("a space after `v1=`", `t=${now},v1= ${valid}`),
    of("semicolons instead of commas", `t=${now};v1=${valid}`),
    of("`v1=…` followed by another `=` and more text", `t=${now},v1=${valid}=x`),
    of("a body that is not UTF-8, signed over its bytes", `t=${now},v1=${sign(NEW, now, NOT_UTF8)}`, NOT_UTF8),
  ];
}
