//! The web client's files, embedded in the binary.

use super::response::{HttpResponse, bytes, set};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Allows the page's own files only, and nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; img-src 'self' data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

macro_rules! files {
    ($($path:literal = $file:literal, $kind:literal;)*) => {
        const FILES: &[(&str, &str, &[u8])] = &[
            $(($path, $kind, include_bytes!(concat!("../../assets/", $file)))),*
        ];
    };
}

files! {
    "/" = "index.html", "text/html; charset=utf-8";
    "/app.js" = "app.js", "text/javascript; charset=utf-8";
    "/client.js" = "client.js", "text/javascript; charset=utf-8";
    "/room.js" = "room.js", "text/javascript; charset=utf-8";
    "/text.js" = "text.js", "text/javascript; charset=utf-8";
    "/style.css" = "style.css", "text/css; charset=utf-8";
    "/icon.svg" = "icon.svg", "image/svg+xml";
}

/// Returns whether a file of the page has this name.
pub(super) fn is_file(name: &str) -> bool {
    FILES.iter().any(|(path, ..)| path[1..] == *name)
}

/// The files by path, each with its `ETag`.
pub(super) struct Assets(HashMap<&'static str, Asset>);

struct Asset {
    kind: &'static str,
    body: &'static [u8],
    tag: String,
}

impl Assets {
    pub(super) fn new() -> Self {
        Self(
            FILES
                .iter()
                .map(|&(path, kind, body)| {
                    (
                        path,
                        Asset {
                            kind,
                            body,
                            tag: tag(body),
                        },
                    )
                })
                .collect(),
        )
    }

    /// Returns the file at this path, or 304 if the browser has it.
    pub(super) fn answer(&self, path: &str, headers: &HeaderMap) -> Option<HttpResponse> {
        let asset = self.0.get(path)?;
        let mut answer = if is_known(headers, &asset.tag) {
            bytes(StatusCode::NOT_MODIFIED, asset.kind, Bytes::new())
        } else {
            bytes(StatusCode::OK, asset.kind, Bytes::from_static(asset.body))
        };
        set(&mut answer, header::ETAG, &asset.tag);
        // Cached but revalidated each time: a restart may have brought a new page.
        set(&mut answer, header::CACHE_CONTROL, "no-cache");
        set(&mut answer, header::CONTENT_SECURITY_POLICY, POLICY);
        set(&mut answer, header::REFERRER_POLICY, "no-referrer");
        Some(answer)
    }
}

fn tag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|known| known.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets");
        for file in std::fs::read_dir(folder).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let path = if name == "index.html" {
                "/".to_owned()
            } else {
                format!("/{name}")
            };
            assert!(
                FILES.iter().any(|(served, ..)| *served == path),
                "{name} is not served"
            );
        }
    }

    #[test]
    fn a_browser_that_has_the_page_gets_304() {
        let assets = Assets::new();
        let first = assets.answer("/", &HeaderMap::new()).unwrap();
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        let mut headers = HeaderMap::new();
        let known = HeaderValue::from_str(&format!("\"other\", W/{tag}")).unwrap();
        headers.insert(header::IF_NONE_MATCH, known);
        assert_eq!(
            assets.answer("/", &headers).unwrap().status(),
            StatusCode::NOT_MODIFIED
        );
    }

    #[test]
    fn the_page_runs_nothing_but_its_own_files() {
        let page = String::from_utf8_lossy(FILES[0].2);
        assert!(
            !page.contains("<style") && !page.contains("style="),
            "inline style"
        );
        assert!(
            !page.contains("<script>") && !page.contains("onclick="),
            "inline script"
        );
    }
}
