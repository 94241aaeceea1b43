// The signature headers and bodies to check. Times are relative to now, because the server and Stripe's libraries use
// the real clock.
import { createHmac } from "node:crypto";

/** The signing secrets of a webhook endpoint during a change of its secret: the old secret and the new one. */
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
  const headerOfAge = (age, secret = NEW) => `t=${now - age},v1=${sign(secret, now - age)}`;
  const testCase = (name, header, body = BODY) => ({ name, header, body });
  return [
    testCase("valid", headerOfAge(0)),
    testCase("valid, with non-ASCII characters in the body", `t=${now},v1=${sign(NEW, now, UNICODE)}`, UNICODE),
    testCase("signed with the old secret during a change", headerOfAge(0, OLD)),
    testCase("`v1` of both secrets during a change", `t=${now},v1=${sign(OLD, now)},v1=${valid}`),
    testCase("several `v1`, the last one matches", `t=${now},v1=${sign(UNKNOWN, now)},v1=${"0".repeat(64)},v1=${valid}`),
    testCase("several `v1`, the first one matches", `t=${now},v1=${valid},v1=${sign(UNKNOWN, now)}`),
    testCase("several `v1`, none matches", `t=${now},v1=${sign(UNKNOWN, now)},v1=${"0".repeat(64)}`),
    testCase("a `v0` next to the `v1`", `t=${now},v1=${valid},v0=${"1".repeat(64)}`),
    testCase("an unknown scheme next to the `v1`", `t=${now},v9=abc,v1=${valid}`),
    testCase("`v1` before `t`", `v1=${valid},t=${now}`),
    testCase("290 seconds old", headerOfAge(290)),
    testCase("310 seconds old", headerOfAge(310)),
    testCase("`t` is ten minutes in the future", headerOfAge(-600)),
    testCase("the body was changed", headerOfAge(0), Buffer.from(BODY.toString().replace("keepopen.check", "invoice.paid"))),
    testCase("a space added to the body", headerOfAge(0), Buffer.concat([BODY, Buffer.from(" ")])),
    testCase("the time was changed", `t=${now - 1},v1=${valid}`),
    testCase("signed with an unknown secret", headerOfAge(0, UNKNOWN)),
    testCase("no header", null),
    testCase("an empty header", ""),
    testCase("a header of ordinary words, without `=`", "this is no signature"),
    testCase("a header of only commas", ",,,"),
    testCase("a comma at the end", `${headerOfAge(0)},`),
    testCase("no `v1`", `t=${now}`),
    testCase("only a `v0`, computed in the same way as a `v1`", `t=${now},v0=${valid}`),
    testCase("an empty `v1`", `t=${now},v1=`),
    testCase("half a `v1`", `t=${now},v1=${valid.slice(0, 32)}`),
    testCase("no `t`", `v1=${valid}`),
    testCase("an empty `t`", `t=,v1=${sign(NEW, "")}`),
    testCase("`t` is a word", `t=today,v1=${sign(NEW, "today")}`),
    testCase("a negative `t`", `t=-5,v1=${sign(NEW, "-5")}`),
    testCase("`t` with a fraction", `t=${now}.5,v1=${sign(NEW, `${now}.5`)}`),
    testCase("`t` with a plus sign", `t=+${now},v1=${sign(NEW, `+${now}`)}`),
    testCase("`t` with a leading zero, signed without it", `t=0${now},v1=${valid}`),
    testCase("`t` with a leading zero, signed with it", `t=0${now},v1=${sign(NEW, `0${now}`)}`),
    testCase("`t` far too large", `t=99999999999999999999,v1=${sign(NEW, "99999999999999999999")}`),
    testCase("`t` twice, the same", `t=${now},t=${now},v1=${valid}`),
    testCase("`t` twice, the last one signed", `t=${now - 9000},t=${now},v1=${valid}`),
    testCase("`t` twice, the first one signed and too old", `t=${now - 9000},t=${now},v1=${sign(NEW, now - 9000)}`),
    testCase("upper-case digits", `t=${now},v1=${valid.toUpperCase()}`),
    testCase("upper-case names", `T=${now},V1=${valid}`),
    testCase("a space after the comma", `t=${now}, v1=${valid}`),
    testCase("spaces around the names", ` t = ${now} , v1 = ${valid} `),
    testCase("a space after `v1=`", `t=${now},v1= ${valid}`),
    testCase("semicolons instead of commas", `t=${now};v1=${valid}`),
    testCase("`v1=…` followed by another `=` and more text", `t=${now},v1=${valid}=x`),
    testCase("a body that is not UTF-8, signed over its bytes", `t=${now},v1=${sign(NEW, now, NOT_UTF8)}`, NOT_UTF8),
  ];
}
