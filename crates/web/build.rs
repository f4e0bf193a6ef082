//! Writes the table of the page's files: each file of `dist`, with its compressed forms beside it.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let dist = format!("{}/dist", env::var("CARGO_MANIFEST_DIR")?);
    println!("cargo::rerun-if-changed={dist}");
    let mut files = Vec::new();
    collect(Path::new(&dist), &mut files)?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in files.iter().filter(|file| !is_compressed(file)) {
        let path = file.strip_prefix(&dist).ok_or("a file is outside")?;
        let (gzip, brotli) = (
            compressed(file, "gz", &files),
            compressed(file, "br", &files),
        );
        writeln!(
            table,
            "File {{ path: {path:?}, plain: include_bytes!({file:?}), gzip: {gzip}, brotli: {brotli} }},",
        )?;
    }
    table.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("files.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path.to_str().ok_or("a name is not UTF-8")?.to_owned());
        }
    }
    Ok(())
}

fn is_compressed(file: &str) -> bool {
    let end = Path::new(file).extension();
    end.is_some_and(|end| end == "br" || end == "gz")
}

fn compressed(file: &str, end: &str, files: &[String]) -> String {
    let beside = format!("{file}.{end}");
    if files.contains(&beside) {
        format!("Some(include_bytes!({beside:?}))")
    } else {
        "None".to_owned()
    }
}
