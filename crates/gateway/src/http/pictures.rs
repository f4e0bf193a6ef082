//! People's pictures: files of strangers, served so that a browser shows them and does nothing else.

use super::response::{HttpResponse, bytes, set};
use bytes::Bytes;
use http::{StatusCode, header};
use sessions::api::{Picture, PictureKind};

/// A picture opened by itself loads nothing, runs nothing and is in no frame.
const POLICY: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";
/// The address is the hash of the file: it never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Returns the response with a picture.
pub(super) fn answer(picture: Picture) -> HttpResponse {
    let kind = match picture.kind {
        PictureKind::Png => "image/png",
        PictureKind::Jpeg => "image/jpeg",
        PictureKind::Gif => "image/gif",
        PictureKind::Webp => "image/webp",
    };
    // Has `nosniff`.
    let mut answer = bytes(StatusCode::OK, kind, Bytes::from(picture.bytes));
    set(&mut answer, header::CACHE_CONTROL, FOR_EVER);
    set(&mut answer, header::CONTENT_SECURITY_POLICY, POLICY);
    set(&mut answer, header::CONTENT_DISPOSITION, "inline");
    set(&mut answer, header::REFERRER_POLICY, "no-referrer");
    answer
}
