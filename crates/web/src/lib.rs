//! The page for people, at `/`: an extension that serves the files which `ui/` is built into.
//!
//! The built files are in `dist`, and in the binary. The page itself talks to the server as any other client
//! does, with `@parlor/client`; nothing here knows about chat. `web = off` leaves it out.

mod encoding;
mod file;
mod page;

use extension::{Extension, Mount};
use page::Page;

/// Returns the extension.
#[must_use]
pub fn extension() -> Extension {
    Extension::new("web").serves(Mount::At("/"), |_| Page::new())
}
