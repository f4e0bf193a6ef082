//! The page that tables are kept on, each between two comments that name it, and its plots.

use anyhow::Context as _;
use std::fs;
use std::path::PathBuf;

#[derive(clap::Args, Clone)]
pub(crate) struct Page {
    /// The page whose table is renewed; plots go into the folder of its name beside it.
    #[arg(long, default_value = "docs/benchmarks.md")]
    page: PathBuf,
}

impl Page {
    /// Puts the table by this name where it was, or at the end of the page.
    pub(crate) fn keep(&self, name: &str, table: &str) -> anyhow::Result<()> {
        let text = fs::read_to_string(&self.page).unwrap_or_default();
        fs::write(&self.page, replaced(&text, name, table))
            .with_context(|| self.page.display().to_string())?;
        eprintln!("renewed {name} in {}", self.page.display());
        Ok(())
    }

    /// The same, below a plot of it.
    pub(crate) fn keep_with_plot(&self, name: &str, table: &str, svg: &str) -> anyhow::Result<()> {
        let folder = self.page.with_extension("");
        let file = folder.join(name).with_extension("svg");
        fs::create_dir_all(&folder)?;
        fs::write(&file, svg).with_context(|| file.display().to_string())?;
        eprintln!("wrote {}", file.display());
        let folder = folder.file_name().unwrap_or_default().to_string_lossy();
        self.keep(name, &format!("![{name}]({folder}/{name}.svg)\n\n{table}"))
    }
}

fn replaced(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (
        format!("<!-- {name} -->"),
        format!("<!-- end of {name} -->"),
    );
    let (before, after) = text.split_once(&begin).unwrap_or((text, "\n"));
    let after = after.split_once(&end).map_or(after, |(_, after)| after);
    format!("{before}{begin}\n{}\n{end}{after}", table.trim_end())
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn a_table_comes_where_it_was_and_leaves_the_rest_alone() {
        let page = "# A\n\n<!-- b -->\nold\n<!-- end of b -->\n\ntext\n";
        let renewed = replaced(page, "b", "new\n");
        assert_eq!(
            renewed,
            "# A\n\n<!-- b -->\nnew\n<!-- end of b -->\n\ntext\n"
        );
    }

    #[test]
    fn a_table_that_was_not_there_comes_at_the_end() {
        let page = replaced("# A\n", "b", "new");
        assert_eq!(page, "# A\n<!-- b -->\nnew\n<!-- end of b -->\n");
        assert_eq!(replaced(&page, "b", "new"), page);
    }
}
