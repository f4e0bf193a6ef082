//! The Markdown page of results: each table stands between two comments with its name.

use anyhow::Context as _;
use std::fs;
use std::io;
use std::path::PathBuf;

#[derive(clap::Args, Clone)]
pub(crate) struct Page {
    /// The page to update; plots go into the folder of the same name beside it.
    #[arg(long, default_value = "docs/benchmarks.md")]
    page: PathBuf,
}

impl Page {
    /// Replaces the table of this name, or appends it to the page.
    pub(crate) fn update(&self, name: &str, table: &str) -> anyhow::Result<()> {
        let page = self.page.display();
        let text = match fs::read_to_string(&self.page) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.with_context(|| page.to_string())?,
        };
        let text = replaced(&text, name, table).with_context(|| page.to_string())?;
        fs::write(&self.page, text).with_context(|| page.to_string())?;
        eprintln!("updated {name} in {page}");
        Ok(())
    }

    /// Replaces the table of this name, with a plot above it.
    pub(crate) fn update_with_plot(
        &self,
        name: &str,
        table: &str,
        svg: &str,
    ) -> anyhow::Result<()> {
        let folder = self.page.with_extension("");
        let file = folder.join(name).with_extension("svg");
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        fs::write(&file, svg).with_context(|| file.display().to_string())?;
        eprintln!("wrote {}", file.display());
        let folder = folder.file_name().unwrap_or_default().to_string_lossy();
        self.update(name, &format!("![{name}]({folder}/{name}.svg)\n\n{table}"))
    }
}

fn replaced(text: &str, name: &str, table: &str) -> anyhow::Result<String> {
    let (begin, end) = (
        format!("<!-- {name} -->"),
        format!("<!-- end of {name} -->"),
    );
    let (before, after) = match text.split_once(&begin) {
        Some((before, rest)) => {
            let (_, after) = rest
                .split_once(&end)
                .context("a table has no end comment")?;
            (before, after)
        }
        None => (text, "\n"),
    };
    let table = table.trim_end();
    Ok(format!("{before}{begin}\n{table}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_table_comes_where_it_was_and_leaves_the_rest_alone() {
        let page = "# A\n\n<!-- b -->\nold\n<!-- end of b -->\n\ntext\n";
        let updated = replaced(page, "b", "new\n").unwrap();
        assert_eq!(
            updated,
            "# A\n\n<!-- b -->\nnew\n<!-- end of b -->\n\ntext\n"
        );
    }

    #[test]
    fn a_table_that_was_not_there_comes_at_the_end() {
        let page = replaced("# A\n", "b", "new").unwrap();
        assert_eq!(page, "# A\n<!-- b -->\nnew\n<!-- end of b -->\n");
        assert_eq!(replaced(&page, "b", "new").unwrap(), page);
    }

    #[test]
    fn a_page_that_was_cut_off_is_left_as_it_is() {
        assert!(replaced("# A\n<!-- b -->\nold\n", "b", "new").is_err());
    }
}
