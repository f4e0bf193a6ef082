//! Answers requests for the page's files.

use crate::file::{FILES, File};
use bytes::Bytes;
use extension::{Cx, HttpRequest, HttpResponse, Serve};
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use std::collections::HashMap;

/// Headers of every response: the page runs, loads and asks nothing but what this server has, and no other
/// page may show it or open it with a hand on it.
const ALWAYS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
         img-src 'self' data: blob:; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::VARY, "accept-encoding"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Kept for a year, the longest that HTTP knows, and never asked about again.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Asked about each time: a restart may have brought a new page.
const ASK_AGAIN: &str = "no-cache";

/// The page's files by the path that they are served at, each with its digest.
pub(crate) struct Page(HashMap<&'static str, (&'static File, u64)>);

impl Page {
    pub(crate) fn new() -> Self {
        let served = FILES
            .iter()
            .map(|file| (file.served_at(), (file, file.digest())));
        Self(served.collect())
    }

    fn answer(&self, method: &Method, path: &str, headers: &HeaderMap) -> HttpResponse {
        let Some((file, digest)) = self.0.get(path) else {
            return text(
                StatusCode::NOT_FOUND,
                "There is nothing at this address. The chat is at /.\n",
            );
        };
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "This is a page to read.\n");
            set(&mut response, header::ALLOW, "GET, HEAD");
            return response;
        }
        found(file, *digest, headers)
    }
}

impl Serve for Page {
    async fn serve(&self, request: HttpRequest, _cx: &Cx) -> HttpResponse {
        let head = request.head;
        self.answer(&head.method, head.uri.path(), &head.headers)
    }
}

fn found(file: &File, digest: u64, headers: &HeaderMap) -> HttpResponse {
    let (bytes, form) = file.in_form(|form| form.is_taken(headers));
    // Each form has bytes of its own, and so a tag of its own.
    let tag = format!("\"{digest:016x}-{}\"", form.name().unwrap_or("plain"));
    let mut response = with_headers(Bytes::new());
    let kept = if file.is_for_ever() {
        FOR_EVER
    } else {
        ASK_AGAIN
    };
    set(&mut response, header::CACHE_CONTROL, kept);
    set(&mut response, header::ETAG, &tag);
    if is_known(headers, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    *response.body_mut() = Bytes::from_static(bytes);
    set(&mut response, header::CONTENT_TYPE, file.media_type());
    if let Some(name) = form.name() {
        set(&mut response, header::CONTENT_ENCODING, name);
    }
    response
}

fn text(status: StatusCode, line: &'static str) -> HttpResponse {
    let mut response = with_headers(Bytes::from_static(line.as_bytes()));
    *response.status_mut() = status;
    set(&mut response, header::CACHE_CONTROL, "no-store");
    set(
        &mut response,
        header::CONTENT_TYPE,
        "text/plain; charset=utf-8",
    );
    response
}

fn with_headers(body: Bytes) -> HttpResponse {
    let mut response = Response::new(body);
    for (name, value) in ALWAYS {
        set(&mut response, name, value);
    }
    response
}

fn set(response: &mut HttpResponse, name: HeaderName, value: &str) {
    let value = HeaderValue::from_str(value).expect("our own headers are well-formed");
    response.headers_mut().insert(name, value);
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    let tags = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    tags.map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str, headers: &[(HeaderName, &'static str)]) -> HttpResponse {
        ask(&Method::GET, path, headers)
    }

    fn ask(method: &Method, path: &str, headers: &[(HeaderName, &'static str)]) -> HttpResponse {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_static(value));
        }
        Page::new().answer(method, path, &map)
    }

    fn script() -> &'static str {
        let script = |file: &&File| file.is_for_ever() && file.media_type().contains("javascript");
        FILES.iter().find(script).expect("a script").path
    }

    #[test]
    fn the_page_is_asked_about_each_time_and_its_assets_never() {
        assert_eq!(get("/", &[]).headers()[header::CACHE_CONTROL], ASK_AGAIN);
        assert_eq!(
            get("/sw.js", &[]).headers()[header::CACHE_CONTROL],
            ASK_AGAIN
        );
        assert_eq!(
            get(script(), &[]).headers()[header::CACHE_CONTROL],
            FOR_EVER
        );
        assert_eq!(get("/index.html", &[]).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn a_client_gets_the_best_form_that_it_takes() {
        let form = |takes: &'static str| {
            let response = get(script(), &[(header::ACCEPT_ENCODING, takes)]);
            let form = response.headers().get(header::CONTENT_ENCODING).cloned();
            (
                form.map(|form| form.to_str().unwrap().to_owned()),
                response.body().len(),
            )
        };
        let (plain, brotli, gzip) = (form("identity"), form("gzip, br"), form("gzip"));
        assert_eq!(plain.0, None);
        assert_eq!(brotli.0.as_deref(), Some("br"));
        assert_eq!(gzip.0.as_deref(), Some("gzip"));
        assert!(brotli.1 < gzip.1 && gzip.1 < plain.1);
        assert_eq!(
            get(script(), &[]).headers()[header::VARY],
            "accept-encoding"
        );
    }

    #[test]
    fn a_browser_that_has_the_page_gets_304() {
        let first = get("/", &[]);
        let tag = first.headers()[header::ETAG].to_str().unwrap();
        let known: &'static str = format!("\"other\", {tag}").leak();
        let again = get("/", &[(header::IF_NONE_MATCH, known)]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(again.body().is_empty());
        let changed = get("/", &[(header::IF_NONE_MATCH, "\"other\"")]);
        assert_eq!(changed.status(), StatusCode::OK);
    }

    #[test]
    fn what_is_not_there_or_not_asked_is_an_error_under_the_same_policy() {
        for (method, path, status) in [
            (Method::GET, "/nothing", 404),
            (Method::GET, "/assets/../index.html", 404),
            (Method::POST, "/", 405),
            (Method::DELETE, "/sw.js", 405),
        ] {
            let response = ask(&method, path, &[]);
            assert_eq!(response.status(), status, "{method} {path}");
            let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .unwrap();
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
            assert!(
                !policy.contains("unsafe") && !policy.contains("http"),
                "{policy}"
            );
        }
        assert_eq!(
            ask(&Method::POST, "/", &[]).headers()[header::ALLOW],
            "GET, HEAD"
        );
    }
}
