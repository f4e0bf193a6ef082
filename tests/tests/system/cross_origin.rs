//! Pages of other origins: those that the operator allows use the API, with CORS.

use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use tests::{Answer, Api, Settings, on_sqlite};

const PAGE: &str = "https://app.example.org";

fn allowing(origins: &str) -> Settings {
    Settings::default().with("PARLOR_ALLOWED_ORIGINS", origins)
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

/// Asks as a browser does before it sends a page's request.
async fn preflight(api: &Api, path: &str, method: &str, origin: &str) -> Answer {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", method),
        (
            "access-control-request-headers",
            "authorization,content-type",
        ),
    ];
    api.send(Method::OPTIONS, path, &asked, "".into()).await
}

async fn sent(api: &Api, method: Method, path: &str, origin: &str, body: &Value) -> Answer {
    let headers = [("origin", origin), ("content-type", "application/json")];
    let body = if method == Method::GET {
        String::new()
    } else {
        body.to_string()
    };
    api.send(method, path, &headers, body.into()).await
}

/// Asserts that a browser shows this answer to the page.
fn is_shown(answer: &Answer, origin: &str, what: &str) {
    let headers = &answer.headers;
    assert_eq!(
        header(headers, "access-control-allow-origin"),
        Some(origin),
        "{what}"
    );
    assert_eq!(header(headers, "vary"), Some("Origin"), "{what}");
    assert_eq!(
        header(headers, "access-control-allow-credentials"),
        None,
        "{what}"
    );
    let exposed = header(headers, "access-control-expose-headers").unwrap();
    assert!(exposed.contains("retry-after"), "{what}: {exposed}");
}

fn is_hidden(answer: &Answer, what: &str) {
    assert_eq!(
        header(&answer.headers, "access-control-allow-origin"),
        None,
        "{what}"
    );
    assert_eq!(header(&answer.headers, "vary"), Some("Origin"), "{what}");
}

on_sqlite! {
    async fn an_allowed_page_may_ask_every_path(store: Store) {
        let server = store.serve(allowing(PAGE)).await;
        for (method, path) in [
            ("POST", "/api/v1/register"),
            ("POST", "/api/v1/login"),
            ("POST", "/api/v1/logout"),
            ("POST", "/api/v1/password"),
            ("POST", "/api/v1/delete-account"),
            ("GET", "/api/v1/me"),
            ("GET", "/api/v1/rooms"),
            ("GET", "/api/v1/rooms/general/history"),
            ("POST", "/api/v1/rooms/general/messages"),
            ("POST", "/api/v1/rooms/general/join"),
            ("POST", "/api/v1/rooms/general/leave"),
            ("POST", "/api/v1/nothing"),
        ] {
            let answer = preflight(&server.api(), path, method, PAGE).await;
            assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
            is_shown(&answer, PAGE, path);
            let allowed = |name| header(&answer.headers, name).unwrap().to_owned();
            assert!(allowed("access-control-allow-methods").contains(method), "{path}");
            let headers = allowed("access-control-allow-headers");
            assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
            assert!(allowed("access-control-max-age").parse::<u32>().unwrap() > 0);
        }
    }

    async fn an_allowed_page_does_all_and_reads_every_error(store: Store) {
        let server = store.serve(allowing(PAGE)).await;
        let api = server.api();
        let account = json!({"name": "alice", "password": "a long password"});
        let made = sent(&api, Method::POST, "/api/v1/register", PAGE, &account).await;
        let token = made.ok()["token"].as_str().unwrap().to_owned();
        is_shown(&made, PAGE, "register");
        is_shown(&sent(&api, Method::POST, "/api/v1/login", PAGE, &account).await, PAGE, "login");
        let alice = api.bearing(&token);
        let none = json!({});
        for (status, method, path, body) in [
            (200, Method::GET, "/api/v1/me", &none),
            (200, Method::POST, "/api/v1/rooms/general/join", &none),
            (200, Method::POST, "/api/v1/rooms/general/messages", &json!({"cid": "c", "body": "x"})),
            (200, Method::GET, "/api/v1/rooms/general/history", &none),
            (400, Method::POST, "/api/v1/rooms/general/messages", &none),
            (404, Method::GET, "/api/v1/rooms/nowhere/history", &none),
            (404, Method::GET, "/api/v1/nothing", &none),
            (405, Method::GET, "/api/v1/login", &none),
            (409, Method::POST, "/api/v1/register", &account),
            (413, Method::POST, "/api/v1/login", &json!("x".repeat(70_000))),
        ] {
            let answer = sent(&alice, method, path, PAGE, body).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {:?}", answer.body);
            is_shown(&answer, PAGE, path);
        }
        let stranger = sent(&api, Method::GET, "/api/v1/me", PAGE, &none).await;
        assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
        is_shown(&stranger, PAGE, "without a token");
    }

    async fn a_page_that_is_turned_away_learns_when_to_come_back(store: Store) {
        let settings = allowing(PAGE).limited().with("PARLOR_NETWORK_POINTS_PER_S", "5");
        let server = store.serve(settings).await;
        let mut turned_away = 0;
        while turned_away < 3 {
            let asked = preflight(&server.api(), "/api/v1/me", "GET", PAGE).await;
            assert_eq!(asked.status, StatusCode::NO_CONTENT, "whatever the request itself gets");
            is_shown(&asked, PAGE, "preflight");
            let answer = sent(&server.api(), Method::GET, "/api/v1/me", PAGE, &json!({})).await;
            is_shown(&answer, PAGE, "rate limited");
            if answer.status == StatusCode::TOO_MANY_REQUESTS {
                assert!(header(&answer.headers, "retry-after").is_some());
                turned_away += 1;
            }
        }
    }

    async fn a_foreign_page_is_refused_and_shown_nothing(store: Store) {
        let server = store.serve(allowing(PAGE)).await;
        for origin in ["https://evil.example", "null", "http://app.example.org", "https://app.example.org.evil", "https://app.example.org:8443"] {
            for path in ["/api/v1/login", "/api/v1/me", "/api/v1/nothing"] {
                let asked = preflight(&server.api(), path, "POST", origin).await;
                assert_eq!(asked.status, StatusCode::FORBIDDEN, "{origin}");
                is_hidden(&asked, origin);
                let answer = sent(&server.api(), Method::POST, path, origin, &json!({})).await;
                assert_eq!(answer.refused("forbidden").all["field"], "origin");
                is_hidden(&answer, origin);
            }
        }
        let own = format!("http://{}", server.address());
        let answer = sent(&server.api(), Method::GET, "/api/v1/me", &own, &json!({})).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        is_hidden(&answer, "the own page needs no permission");
        let program = server.api().get("/api/v1/me").await;
        is_hidden(&program, "nor does a program");
    }

    async fn origins_are_compared_as_browsers_send_them(store: Store) {
        let listed = "HTTPS://App.Example.ORG:443/, http://localhost:3000, capacitor://localhost";
        let server = store.serve(allowing(listed)).await;
        for origin in [PAGE, "http://localhost:3000", "capacitor://localhost"] {
            let answer = preflight(&server.api(), "/api/v1/login", "POST", origin).await;
            is_shown(&answer, origin, origin);
            server.dial(tests::Dial::default().origin(origin)).await.unwrap();
        }
    }
}
