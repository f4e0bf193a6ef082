//! A server as it is put together.

use crate::command_line;
use crate::config::{Sources, declared, load};
use crate::exit::Failure;
use crate::running_server::RunningServer;
use crate::{standard, store_folders};
use extension::Extension;
use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// The core and a list of extensions. Nothing is opened or runs yet.
#[must_use = "nothing happens before it is run or started"]
pub struct Server {
    extensions: Vec<Extension>,
}

impl Server {
    /// Returns the core with the extensions that every server has: the page and Socket.IO, and analytics and
    /// search, which are off by default.
    pub fn standard() -> Self {
        Self {
            extensions: standard::extensions(),
        }
    }

    /// Adds an extension. A mistake in its declaration is an error of what is called next.
    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Adds an extension, in place of a standard one of its name.
    #[cfg(feature = "testing")]
    pub(crate) fn with_instead(mut self, extension: Extension) -> Self {
        self.extensions.retain(|one| one.name() != extension.name());
        self.with(extension)
    }

    /// Carries out the command line and returns the exit code: for `main`. Reads the arguments and the
    /// environment, starts the log, listens for signals, and may exit by itself.
    #[must_use]
    pub fn run(self) -> ExitCode {
        command_line::run(self.extensions)
    }

    /// Starts the server in this runtime, which needs several threads, and returns once it accepts
    /// connections. Settings are pairs as after `--set`: `("listen", "127.0.0.1:0")`,
    /// `("karma.top_max", "10")`, `("databases.core.url", "sqlite:core.db")`. Neither a file nor the
    /// environment is read, no log is started, and nothing ends the process: a lost write stops this
    /// server only.
    ///
    /// # Errors
    /// If a declaration or a setting is wrong, the store is in use, a database or an address cannot be
    /// had. What was opened is closed again by then.
    pub async fn start<K: Into<String>, V: Into<String>>(
        self,
        settings: impl IntoIterator<Item = (K, V)>,
    ) -> Result<RunningServer, ServerError> {
        let flags = settings.into_iter().map(|(key, text)| {
            let key = key.into();
            (key.clone(), key, text.into())
        });
        let sources = Sources {
            flags: flags.collect(),
            ..Sources::default()
        };
        let started = async {
            let config = load(&sources, &declared(&self.extensions)?)?;
            store_folders::prepare(&config)?;
            Box::pin(RunningServer::start(config, self.extensions)).await
        };
        started.await.map_err(ServerError)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.extensions.iter().map(Extension::name).collect();
        f.debug_struct("Server")
            .field("extensions", &names)
            .finish()
    }
}

/// Why a server did not start, or did not stop cleanly; shown as the line with which the binary would
/// end.
#[derive(Debug)]
pub struct ServerError(pub(crate) Failure);

impl ServerError {
    /// Returns the exit code with which the binary would end, as `--help` lists them.
    #[must_use]
    pub fn code(&self) -> u8 {
        self.0.code()
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for ServerError {}
