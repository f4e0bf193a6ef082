//! The upgrade: paths, subprotocols and origins; unsupported frames.

use http::StatusCode;
use serde_json::json;
use tests::{Dial, Settings, on_sqlite};

on_sqlite! {
    async fn the_subprotocol_is_echoed_when_offered_and_not_missed(store: Store) {
        let server = store.server().await;
        // The harness checks the echoed subprotocol.
        for dial in [
            Dial::default(),
            Dial::default().offering("parlor.v1"),
            Dial::default().offering("graphql-ws, parlor.v1"),
        ] {
            let mut client = server.dial(dial).await.unwrap();
            client.ok("ping", json!({})).await;
        }
    }

    async fn only_unknown_subprotocols_are_refused(store: Store) {
        let server = store.server().await;
        for offered in ["parlor.v2", "graphql-ws, mqtt", "PARLOR.V1"] {
            let refused = server.dial(Dial::default().offering(offered)).await;
            assert_eq!(refused.unwrap_err().0, StatusCode::BAD_REQUEST, "{offered}");
        }
    }

    async fn an_origin_is_the_servers_own_or_refused_by_name(store: Store) {
        let server = store.server().await;
        let own = format!("http://{}", server.address());
        server.dial(Dial::default().origin(&own)).await.unwrap().ok("ping", json!({})).await;
        for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "nonsense"] {
            let (status, body) = server.dial(Dial::default().origin(origin)).await.unwrap_err();
            assert_eq!(status, StatusCode::FORBIDDEN, "{origin}");
            assert!(body.contains(origin), "the body names the origin: {body}");
            assert!(body.contains("allowed_origins"), "the body names the setting: {body}");
        }
        let line = server.logged("https://evil.example").await;
        assert!(line.contains("allowed_origins"), "{line}");
    }

    async fn an_allowed_origin_may_connect(store: Store) {
        let origins = "https://chat.example.org,https://www.example.org";
        let settings = Settings::default().with("PARLOR_ALLOWED_ORIGINS", origins);
        let server = store.serve(settings).await;
        for origin in ["https://chat.example.org", "https://www.example.org"] {
            server.dial(Dial::default().origin(origin)).await.unwrap();
        }
        for origin in ["https://example.org", "http://chat.example.org", "https://chat.example.org.evil"] {
            let refused = server.dial(Dial::default().origin(origin)).await;
            assert_eq!(refused.unwrap_err().0, StatusCode::FORBIDDEN, "{origin}");
        }
    }

    async fn no_token_is_read_from_a_url(store: Store) {
        let server = store.server().await;
        let alice = server.guest("alice").await;
        let path = format!("/ws?token={}&guest=bob", alice.token());
        if let Ok(mut client) = server.dial(Dial::default().path(&path)).await {
            client.refused("rooms", json!({}), "unauthenticated").await;
        }
    }

    async fn sockets_are_at_their_path_alone(store: Store) {
        let server = store.server().await;
        for path in ["/", "/ws/", "/WS", "/socket", "/api/v1/ws"] {
            assert!(server.dial(Dial::default().path(path)).await.is_err(), "{path}");
        }
        let plain = server.api().get("/ws").await;
        assert!(plain.status.is_client_error(), "{}", plain.status);
    }
}
