// Tests the nginx configuration of a page with a self-signed certificate, on a free port, in front of the service that
// the page started.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

export const hasNginx = () => spawnSync("nginx", ["-v"]).status === 0;

/** Runs nginx with the page's `server` block, and sends requests through nginx to the service. */
export async function testNginx(place, server, host) {
  const port = place.sparePort;
  const configuration = server
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace(/ssl_certificate\s.*;/, `ssl_certificate ${place.folder}/cert.pem;`)
    .replace(/ssl_certificate_key\s.*;/, `ssl_certificate_key ${place.folder}/cert-key.pem;`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${place.folder}/nginx-${kind};`).join(" ");
  const user = process.getuid() === 0 ? "user root;" : "";
  await place.write("nginx.conf", `daemon off; error_log stderr notice; ${user} pid ${place.folder}/nginx.pid; events {} http { access_log off; ${temporary}\n${configuration}\n}\n`);
  await place.run(`openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${host} -keyout ${place.folder}/cert-key.pem -out ${place.folder}/cert.pem`);
  await place.run(`nginx -t -e stderr -c "$PWD/nginx.conf"`);
  await place.start('exec nginx -e stderr -c "$PWD/nginx.conf"', "start worker process");
  const curl = `curl -sS -o /dev/null --cacert ${place.folder}/cert.pem --resolve ${host}:${port}:127.0.0.1`;
  const fetchStatus = `${curl} -w '%{http_code}' https://${host}:${port}`;
  assert.equal(await place.run(`${fetchStatus}/openapi.yaml`), "200", "the test must get openapi.yaml through nginx");
  // The embed script must arrive compressed, as the service sends it, with a `Vary` header for caches.
  for (const encoding of ["br", "gzip"]) {
    const headers = await place.run(`${curl} -D - -H 'accept-encoding: ${encoding}' https://${host}:${port}/embed.js`);
    assert.match(headers, new RegExp(`^content-encoding: ${encoding}\r?$`, "im"));
    assert.match(headers, new RegExp(`^etag: "[0-9a-f]{16}-${encoding}"\r?$`, "im"));
    assert.match(headers, /^vary: accept-encoding/im);
  }
  // Send a body that is nearly as large as the service accepts. The response must come from the service, not from
  // nginx.
  const large = await place.run(`head -c 1040000 /dev/zero | tr '\\0' x | ${fetchStatus}/webhooks/stripe --data-binary @-`);
  assert.equal(large, "503", "a large webhook must reach the service, which responds with 503 because it has no webhook secret");
  await place.interrupt();
}
