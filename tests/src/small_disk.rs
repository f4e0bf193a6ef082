//! A disk of a few megabytes, in memory, that can be full.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk over a folder. Gone, with all that is on it, when dropped.
#[derive(Debug)]
pub(crate) struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Covers a folder. It takes root: where that cannot be had the test fails and says so.
    pub(crate) fn over(folder: &Path, megabytes: u32) -> Self {
        let size = format!("size={megabytes}m,mode=0777");
        let mut mount = if is_root() {
            Command::new("mount")
        } else {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "mount"]);
            sudo
        };
        let mounted = mount.args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder);
        let status = mounted.status().expect("mount can be run");
        assert!(
            status.success(),
            "a full disk takes a disk that can be filled: root, or sudo without a password"
        );
        Self(folder.to_owned())
    }

    /// Leaves not a byte, until the returned is dropped.
    pub(crate) fn fill(&self) -> Full {
        let path = self.0.join("filler");
        let mut file = File::create(&path).expect("there is room for a name");
        let zeros = vec![0; 4096];
        loop {
            match file.write_all(&zeros) {
                Ok(()) => {}
                Err(why) if why.kind() == ErrorKind::StorageFull => return Full(path),
                Err(why) => panic!("the disk cannot be filled: {why}"),
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let mut umount = if is_root() {
            Command::new("umount")
        } else {
            let mut sudo = Command::new("sudo");
            sudo.args(["-n", "umount"]);
            sudo
        };
        let _ = umount.arg("-l").arg(&self.0).status();
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    })
}

/// A disk without room.
#[derive(Debug)]
#[must_use]
pub(crate) struct Full(PathBuf);

impl Full {
    /// Takes again what has become free meanwhile: a log that was emptied, say.
    pub(crate) fn again(&self) {
        let file = File::options().append(true).open(&self.0);
        let mut file = file.expect("it is there");
        while file.write_all(&[0; 4096]).is_ok() {}
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).expect("it is there");
    }
}
