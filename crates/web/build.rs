//! Writes the table of the page's files: each file of `dist`, with its compressed forms beside it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    collect(&dist, &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in files.iter().filter(|file| !is_compressed(file)) {
        let path = file
            .strip_prefix(&dist)?
            .to_str()
            .ok_or("a name is not UTF-8")?;
        writeln!(
            table,
            "File {{ path: \"/{path}\", plain: include_bytes!({file:?}), gzip: {}, brotli: {} }},",
            compressed(file, "gz", &files),
            compressed(file, "br", &files)
        )?;
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("files.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn is_compressed(file: &Path) -> bool {
    file.extension()
        .is_some_and(|end| end == "br" || end == "gz")
}

fn compressed(file: &Path, end: &str, files: &[PathBuf]) -> String {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    let beside = PathBuf::from(name);
    if files.contains(&beside) {
        format!("Some(include_bytes!({beside:?}))")
    } else {
        "None".to_owned()
    }
}
