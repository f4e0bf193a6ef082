//! Socket.IO clients as clients of this server: an extension at `/socket.io/`.
//!
//! It speaks Engine.IO v4 (long polling, WebSocket, and the upgrade between them) and Socket.IO v5, and
//! translates onto a connection to the chat within the process. So order, limits, repeats, resume and kicks
//! are those of `/ws`; nothing that must survive a restart is kept here. `docs/socketio.md` is the guide for
//! people who come from Socket.IO.

mod engine;
mod figures;
mod namespace;
mod offset;
mod packet;
mod pid;
mod serve;
mod settings;

use extension::{Extension, Mount};
use figures::Figures;
use serve::SocketIo;
use std::sync::Arc;

/// Returns the extension.
#[must_use]
pub fn extension() -> Extension {
    let figures = Arc::new(Figures::default());
    let shown = Arc::clone(&figures);
    Extension::new("socketio")
        .settings::<settings::SocketIoSettings>()
        .serves(Mount::At("/socket.io/"), move |cx| {
            SocketIo::new(cx.settings(), figures)
        })
        .shows(move |_| shown)
}
