//! How the readers' script is served: in parts (modules that the page loads when it needs them), compressed, and at
//! versioned URLs whose content never changes.

use std::path::PathBuf;

use reqwest::Response;

use crate::helpers::{ORIGIN, TestApp};

/// Returns a file that `npm run build` wrote.
fn dist(file: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("web/embed/dist");
    std::fs::read(folder.join(file)).unwrap()
}

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = app.client.get(format!("{}{path}", app.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// Returns the value of a response header, or an empty text if it is missing.
fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Returns the version of the script's parts. The loader (`embed.js`) contains it.
fn version_of_parts() -> String {
    let loader = String::from_utf8(dist("embed.js")).unwrap();
    let is_version = |text: &&str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    loader
        .split(['"', '`', '/'])
        .find(is_version)
        .expect("the loader must contain the version of its parts")
        .to_owned()
}

#[tokio::test]
async fn the_script_is_served_in_the_smallest_form_that_the_client_accepts() {
    let app = TestApp::start().await;
    let parts = format!("/embed/{}", version_of_parts());
    for (accepted, encoding, ending) in [
        (None, "", ""),
        (Some("identity"), "", ""),
        (Some("gzip"), "gzip", ".gz"),
        (Some("gzip, deflate, br, zstd"), "br", ".br"),
        (Some("BR;q=0.1,gzip"), "br", ".br"),
        (Some("gzip;q=1.0, br; q=0"), "gzip", ".gz"),
        (Some("br;q=0.000, gzip;q=0, *"), "", ""),
        (Some("*"), "br", ".br"),
        (Some("br;q=nonsense"), "", ""),
        (Some(""), "", ""),
    ] {
        for (path, file) in [("/embed.js".to_owned(), "embed.js"), (format!("{parts}/show.js"), "show.js")] {
            let headers: Vec<_> = accepted.iter().map(|value| ("accept-encoding", *value)).collect();
            let answer = get(&app, &path, &headers).await;
            assert_eq!(
                (answer.status().as_u16(), header(&answer, "content-encoding")),
                (200, encoding),
                "{accepted:?}"
            );
            assert!(header(&answer, "vary").starts_with("Accept-Encoding"), "{:?}", answer.headers());
            assert_eq!(header(&answer, "content-type"), "text/javascript; charset=utf-8");
            assert_eq!(
                answer.bytes().await.unwrap(),
                dist(&format!("{file}{ending}")),
                "{accepted:?} {path}"
            );
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn each_encoding_of_the_script_has_its_own_etag() {
    let app = TestApp::start().await;
    let mut tags = Vec::new();
    for accepted in ["identity", "gzip", "br"] {
        let tag = header(&get(&app, "/embed.js", &[("accept-encoding", accepted)]).await, "etag").to_owned();
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let again =
                get(&app, "/embed.js", &[("accept-encoding", accepted), ("if-none-match", &known)]).await;
            assert_eq!((again.status().as_u16(), header(&again, "etag")), (304, &*tag), "{known}");
        }
        tags.push(tag);
    }
    assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2], "the tags must differ: {tags:?}");
    let other = get(&app, "/embed.js", &[("accept-encoding", "gzip"), ("if-none-match", &tags[2])]).await;
    assert_eq!((other.status().as_u16(), header(&other, "content-encoding")), (200, "gzip"));
    app.finish().await;
}

#[tokio::test]
async fn any_page_can_load_every_part_as_a_module_and_cache_it_forever() {
    let app = TestApp::start().await;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("web/embed/dist");
    let names =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let parts: Vec<_> = names.filter(|name| name.ends_with(".js") && name != "embed.js").collect();
    assert!(parts.len() > 3, "too few parts were found: {parts:?}");
    for name in parts {
        for (origin, allowed) in [("https://elsewhere.example", "*"), ("null", "*"), (ORIGIN, ORIGIN)] {
            let answer =
                get(&app, &format!("/embed/{}/{name}", version_of_parts()), &[("origin", origin)]).await;
            assert_eq!(answer.status(), 200, "{name}");
            assert_eq!(header(&answer, "access-control-allow-origin"), allowed);
            assert_eq!(header(&answer, "cache-control"), "public, max-age=31536000, immutable");
        }
    }
    for file in ["show.js.gz", "show.js.br", "show", "nothing.js", "embed.js", "show.js%00"] {
        assert_eq!(
            app.get(&format!("/embed/{}/{file}", version_of_parts()), None).await.code(),
            "not_found",
            "{file}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn the_response_to_a_banner_request_has_the_fallback_url_and_the_services_time() {
    let app = TestApp::start().await;
    let question = serde_json::json!({"site": "journal", "history": {}});
    let request = app.client.post(format!("{}/v1/banner", app.url)).header("origin", ORIGIN).json(&question);
    let answer = app.send(request).await;
    assert_eq!(answer.json["content"]["choices"]["fallback_url"], "https://journal.example.org/give");
    let exposed = answer.headers["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.split(',').any(|name| name.trim() == "date"), "{exposed}");
    assert!(answer.headers.contains_key("date"));
    app.finish().await;
}
