//! The identity of a file: its device and inode, whatever path leads to it.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Two paths with the same identity are two names of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// Returns the identity of the file at a path, following symbolic links; `None` when there is
    /// none.
    pub(crate) fn at(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::metadata(path) {
            Ok(metadata) => Ok(Some(Self::of(&metadata))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the identity of an open file.
    pub(crate) fn of_open(file: &File) -> io::Result<Self> {
        Ok(Self::of(&file.metadata()?))
    }

    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// Whether two paths lead to one file.
    pub(crate) fn is_same(one: &Path, other: &Path) -> bool {
        matches!((Self::at(one), Self::at(other)), (Ok(Some(one)), Ok(Some(other))) if one == other)
    }

    /// Returns the identity as `/proc/locks` writes it.
    pub(crate) fn in_locks(self) -> String {
        let (device, inode) = (self.device, self.inode);
        let major = (device >> 8) & 0xfff | (device >> 32) & !0xfff;
        let minor = device & 0xff | (device >> 12) & !0xff;
        format!("{major:02x}:{minor:02x}:{inode}")
    }
}
