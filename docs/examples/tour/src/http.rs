//! HTTP below the extension's prefix: `GET /api/v1/x/tour/badge.svg`.

use crate::figures::Figures;
use parlor::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

pub(crate) struct Badge(pub(crate) Arc<Figures>);

impl Serve for Badge {
    async fn serve(&self, request: HttpRequest, _cx: &Cx) -> HttpResponse {
        let mut response = http::Response::new(bytes::Bytes::new());
        match request.head.uri.path() {
            "/api/v1/x/tour/badge.svg" => {
                let online = self.0.online.load(Relaxed);
                let svg = format!(
                    "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='20'>\
                     <text y='15'>{online} online</text></svg>"
                );
                let svg_type = http::HeaderValue::from_static("image/svg+xml");
                response.headers_mut().insert(http::header::CONTENT_TYPE, svg_type);
                *response.body_mut() = svg.into();
            }
            _ => *response.status_mut() = http::StatusCode::NOT_FOUND,
        }
        response
    }
}
