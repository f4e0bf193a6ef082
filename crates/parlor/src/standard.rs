//! The extensions of a standard server.

use extension::Extension;

/// Returns the extensions that every server has.
pub(crate) fn extensions() -> Vec<Extension> {
    vec![
        analytics::extension(),
        search::extension(),
        socketio::extension(),
        web::extension(),
    ]
}
