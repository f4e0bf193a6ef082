//! Checks that this process can use the directories and files of embedded databases, and that
//! nobody else can read them.

use crate::config::{Config, ConfigError};
use crate::exit::Failure;
use crate::{schema, store_files};
use rustix::fs::{Access, access};
use std::fs::Metadata;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use storage::Url;

/// What everybody else may do with a file.
const OTHERS: u32 = 0o007;

/// The kinds of errors for which the setting is to blame, and that stay until somebody changes
/// something. All others, such as a failing disk, a read-only file system and a lack of file
/// descriptors, may pass.
const OF_THE_SETTING: [ErrorKind; 6] = [
    ErrorKind::PermissionDenied,
    ErrorKind::NotFound,
    ErrorKind::AlreadyExists,
    ErrorKind::NotADirectory,
    ErrorKind::IsADirectory,
    ErrorKind::InvalidInput,
];

/// An embedded database.
struct EmbeddedStore {
    name: String,
    file: PathBuf,
    /// The setting that says where it is.
    setting: String,
    critical: bool,
}

/// Creates the directories of embedded databases, and fails if that of a critical one, or a file
/// that the server opens there, cannot be used; the error names the setting. Takes away everybody
/// else's access to these files and to kept copies, if it can: they contain messages and hashes of
/// passwords.
pub(crate) fn prepare(config: &Config) -> Result<(), Failure> {
    for store in embedded(config)? {
        match prepare_store(&store) {
            Err(error) if !store.critical => tracing::warn!(
                database = store.name,
                %error,
                "cannot use the store of a database that chat does not need: going on without it"
            ),
            prepared => prepared?,
        }
    }
    Ok(())
}

fn prepare_store(store: &EmbeddedStore) -> Result<(), Failure> {
    let (folder, setting) = (store_files::folder_of(&store.file), &store.setting);
    std::fs::create_dir_all(folder)
        .and_then(|()| may(folder, Access::WRITE_OK | Access::EXEC_OK))
        .map_err(|error| unusable(setting, folder, folder, &error))?;
    let opened = store_files::opened(&store.file);
    for file in &opened {
        match may(file, Access::READ_OK | Access::WRITE_OK) {
            // A server that is just ending has removed its log since it was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            usable => usable.map_err(|error| unusable(setting, folder, file, &error))?,
        }
    }
    for file in opened.iter().chain(&store_files::kept(&store.file)) {
        make_private(file);
    }
    Ok(())
}

fn embedded(config: &Config) -> Result<Vec<EmbeddedStore>, ConfigError> {
    let locations = schema::databases(config)?;
    let stores = locations.into_iter().zip(&config.databases);
    let embedded = stores.filter_map(|(database, settings)| {
        let Url::Sqlite(file) = database.url else {
            return None;
        };
        let setting = match &settings.url {
            Some(_) => format!("{}URL", settings.prefix()),
            None => "data_dir".to_owned(),
        };
        Some(EmbeddedStore {
            name: database.name,
            file,
            setting,
            critical: database.critical,
        })
    });
    Ok(embedded.collect())
}

fn may(path: &Path, what: Access) -> io::Result<()> {
    access(path, what).map_err(io::Error::from)
}

fn unusable(setting: &str, folder: &Path, path: &Path, error: &io::Error) -> Failure {
    let folder = folder.display().to_string();
    let why = reason(path, error);
    if !OF_THE_SETTING.contains(&error.kind()) {
        return Failure::Failed(anyhow::anyhow!("cannot use {folder} ({setting}): {why}"));
    }
    let expected = format!(
        "a directory in which this process may read and write; {}: {why}",
        path.display()
    );
    ConfigError::new(setting, folder, expected).into()
}

/// Says what is in the way, and for missing permissions whose it is.
fn reason(path: &Path, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AlreadyExists | ErrorKind::NotADirectory => {
            "it, or a directory above it, is a file".to_owned()
        }
        ErrorKind::PermissionDenied => {
            let user = rustix::process::geteuid().as_raw();
            let existing = path
                .ancestors()
                .find_map(|path| Some((path, path.metadata().ok()?.uid())));
            let owner = existing.map_or_else(String::new, |(path, owner)| {
                format!(", and {} belongs to user {owner}", path.display())
            });
            format!("{error}; the process runs as user {user}{owner}")
        }
        _ => error.to_string(),
    }
}

fn make_private(file: &Path) {
    let Ok(metadata) = file.metadata() else {
        return;
    };
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS == 0 {
        return;
    }
    let shown = file.display();
    match set_mode(file, &metadata, mode & !OTHERS) {
        Ok(()) => tracing::warn!(
            file = %shown,
            mode = format!("{mode:o}"),
            "everybody could read a file of the store: took that away"
        ),
        Err(error) => tracing::warn!(
            file = %shown,
            %error,
            "everybody can read a file of the store, and this process cannot change that"
        ),
    }
}

fn set_mode(file: &Path, metadata: &Metadata, mode: u32) -> io::Result<()> {
    let mut permissions = metadata.permissions();
    permissions.set_mode(mode);
    std::fs::set_permissions(file, permissions)
}

#[cfg(test)]
mod tests {
    use super::unusable;
    use rustix::io::Errno;
    use std::path::Path;

    #[test]
    fn only_errors_that_the_setting_explains_blame_it() {
        let code = |errno: Errno| {
            let (folder, file) = (Path::new("data"), Path::new("data/core.db"));
            unusable("data_dir", folder, file, &errno.into()).code()
        };
        for errno in [
            Errno::IO,
            Errno::ROFS,
            Errno::MFILE,
            Errno::NFILE,
            Errno::NOSPC,
            Errno::DQUOT,
            Errno::STALE,
        ] {
            assert_eq!(code(errno), 1, "{errno}");
        }
        for errno in [
            Errno::ACCESS,
            Errno::PERM,
            Errno::NOENT,
            Errno::EXIST,
            Errno::NOTDIR,
            Errno::ISDIR,
            Errno::INVAL,
        ] {
            assert_eq!(code(errno), 2, "{errno}");
        }
    }
}
