//! The files of the built page, embedded in the binary.

use crate::encoding::Encoding;
use std::hash::{DefaultHasher, Hash, Hasher};

/// All files, by path.
pub(crate) const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Below it a name is never used again for other bytes: it has the build in it.
const FOR_EVER: &str = "/assets/";

/// One file and its compressed forms.
pub(crate) struct File {
    /// Where it is served, but for `/index.html`, which is served at `/`.
    pub(crate) path: &'static str,
    pub(crate) plain: &'static [u8],
    /// Absent where compression does not pay.
    pub(crate) gzip: Option<&'static [u8]>,
    pub(crate) brotli: Option<&'static [u8]>,
}

impl File {
    /// Returns where it is served.
    pub(crate) fn served_at(&self) -> &'static str {
        if self.path == "/index.html" {
            "/"
        } else {
            self.path
        }
    }

    /// Returns whether it may be kept without asking again.
    pub(crate) fn is_for_ever(&self) -> bool {
        self.path.starts_with(FOR_EVER)
    }

    /// Returns the bytes in the best form that the client takes, and which form that is.
    pub(crate) fn in_form(&self, takes: impl Fn(Encoding) -> bool) -> (&'static [u8], Encoding) {
        let compressed = [(self.brotli, Encoding::Brotli), (self.gzip, Encoding::Gzip)];
        let best = compressed
            .into_iter()
            .find_map(|(bytes, form)| bytes.filter(|_| takes(form)).map(|bytes| (bytes, form)));
        best.unwrap_or((self.plain, Encoding::Plain))
    }

    /// Returns its media type.
    pub(crate) fn media_type(&self) -> &'static str {
        match self.path.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("png") => "image/png",
            Some("webmanifest") => "application/manifest+json",
            Some("json") => "application/json",
            Some("txt") => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }

    /// Returns a digest of its bytes, for the `ETag` of each form.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.plain.hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_type_that_browsers_know() {
        for file in FILES {
            assert_ne!(
                file.media_type(),
                "application/octet-stream",
                "{}",
                file.path
            );
        }
    }

    #[test]
    fn the_page_runs_and_shows_nothing_inline() {
        let page = FILES.iter().find(|file| file.served_at() == "/");
        let page = std::str::from_utf8(page.expect("a page").plain).unwrap();
        for inline in ["<style", "style=", "<script>", "onclick=", "onload="] {
            assert!(!page.contains(inline), "{inline}");
        }
    }

    #[test]
    fn what_the_page_names_is_there() {
        let page = FILES.iter().find(|file| file.served_at() == "/");
        let page = std::str::from_utf8(page.expect("a page").plain).unwrap();
        let attributes = ["src=\"", "href=\""]
            .into_iter()
            .flat_map(|before| page.split(before).skip(1));
        let named: Vec<_> = attributes
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert!(named.iter().any(|path| path.contains(".js")), "{named:?}");
        for path in named {
            assert!(FILES.iter().any(|file| file.served_at() == path), "{path}");
        }
    }

    #[test]
    fn texts_are_compressed_and_smaller_for_it() {
        for file in FILES.iter().filter(|file| file.plain.len() > 2_048) {
            let (Some(gzip), Some(brotli)) = (file.gzip, file.brotli) else {
                assert_eq!(file.media_type(), "image/png", "{}", file.path);
                continue;
            };
            assert!(
                brotli.len() < gzip.len() && gzip.len() < file.plain.len(),
                "{}",
                file.path
            );
        }
    }
}
